-- Social care of older people of the block, some known to no practice's journal: one row a stretch of time.

create table if not exists social_care (
    person bigint,
    "NHS_NUMBER" varchar,
    "SERVICE" varchar,
    "STARTED_ON" varchar,
    "ENDED_ON" varchar
);

insert into social_care
with cared_for as (
    select
        *,
        dice('social care', person) as luck,
        date '2016-04-01' + (luck // 100 % 300)::int as started_on,
    from patients
    where kind in ('home', 'hospital') and age > 64 and person % ${journal_share} = 0
)

select
    person,
    nhs_number as "NHS_NUMBER",
    ['home_care', 'day_care', 'residential_care', 'nursing_care'][1 + luck % 4] as "SERVICE",
    strftime(started_on, '%Y-%m-%d') as "STARTED_ON",
    if(luck // 10 % 3 = 0, null, strftime(started_on + (luck // 100000 % 90)::int, '%Y-%m-%d'))
        as "ENDED_ON",
from cared_for
where luck // 1000000 % 5 = 0;
