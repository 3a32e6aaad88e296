-- Sex, age and usual GP: one row a person and practice of the block. The source is numbered.

create or replace table patients as
-- One MD5 gives eighteen digits, of which each draw takes its own.
with drawn as (
    select
        *,
        dice('person', person) as luck,
        luck % 10000 as age_draw,
        luck // 10000 % 10000 as gp_draw,
        1 + luck // 100000000 % 2 as sex,
    from numbered
),

aged as (
    select
        *,
        -- three of four are spread evenly below 60, the others thin out from 60 to 99
        case
            when age_draw < 7600 then age_draw * 60 * 365 // 7600
            else 60 * 365 + 40 * 365 * (age_draw - 7600) * (age_draw - 7600) // 5760000
        end as age_days,
        date '2017-03-31' - age_days::int as birth_date,
        age_days // 365 as age,
    from drawn
)

select
    aged.* exclude (luck, age_draw, gp_draw, age_days),
    case
        when age < 1 then 'infant'
        when age < 17 then 'child'
        when age > 64 then 'older'
        when sex = 2 and age < 46 then 'woman'
        else 'adult'
    end as age_group,
    -- the first GPs of a practice have longer lists than the last
    first_gp + gp_count * gp_draw * (gp_draw + 10000) // 200000000 as gp_number,
from aged
left join practices using (practice_number);
