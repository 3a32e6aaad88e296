-- What admissions are drawn from, and where the episodes of all blocks gather.

-- One row a slot in 1,000 for each stream and age group: drawing a presentation is then a join.
create table presentation_slots as
with offered as (
    select *, unnest(string_split(age_groups, ' ')) as age_group from presentations
),

weighted as (
    select
        *,
        sum(weight) over (
            partition by stream, age_group order by presentation rows unbounded preceding
        )::bigint as next_weight,
        sum(weight) over (partition by stream, age_group)::bigint as total,
    from offered
)

select
    stream,
    age_group,
    presentation,
    route,
    timing,
    unnest(range(1000 * (next_weight - weight) // total, 1000 * next_weight // total)) as slot,
from weighted;

-- Admissions a person and year, per 100,000: for the conditions of CCG OIS 2.6 (and their near
-- misses), where the GP's own rate counts as well, and for everything else.
create table admission_rates as
from (
    values
    ('infant', 'acsc', 7000), ('child', 'acsc', 1600), ('woman', 'acsc', 2600),
    ('adult', 'acsc', 3900), ('older', 'acsc', 11700),
    ('infant', 'other', 30000), ('child', 'other', 10000), ('woman', 'other', 22000),
    ('adult', 'other', 14500), ('older', 'other', 45000)
) as rates (age_group, stream, per_100000);

create table episodes (
    file_year varchar,
    epikey bigint,
    copy_number integer,
    person bigint,
    newnhsno varchar,
    practice_number bigint,
    sex integer,
    birth_date date,
    presentation varchar,
    stream varchar,
    route varchar,
    admitted_date date,
    admidate varchar,
    admimeth varchar,
    admisorc varchar,
    classpat varchar,
    epiorder integer,
    is_last boolean,
    is_finished boolean,
    is_coded boolean,
    epistart date,
    epiend date,
    luck bigint
);
