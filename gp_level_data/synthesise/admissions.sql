-- Who of the block's patients is admitted, how often, with what and when in the year: one row an
-- admission.

create or replace table admissions as
with attending as (
    select
        patients.*,
        coalesce(admission_percent, 100) as admission_percent,
        dice('admissions', person) as luck,
    from patients
    left join gps using (gp_number)
    where kind in ('home', 'hospital')
),

-- One admission at the rate, a second at a quarter and a third at a sixteenth of it.
counted as (
    select
        *,
        luck // if(stream = 'acsc', 1, 100000) % 100000 as chance,
        per_100000 * if(stream = 'acsc', admission_percent, 100) // 100 as rate,
        if(chance < rate, 1, 0) + if(chance * 4 < rate, 1, 0) + if(chance * 16 < rate, 1, 0)
            as admission_count,
    from attending
    inner join admission_rates using (age_group)
),

admitted as (
    select * exclude (luck, admission_count), unnest(range(admission_count)) as admission_number
    from counted
    where chance < rate
),

-- One MD5 gives eighteen digits, of which each draw takes its own.
drawn as (
    select
        *,
        person * 8 + if(stream = 'acsc', 0, 4) + admission_number as admission,
        draw('presentation', admission, 1000) as slot,
        dice('admission', admission) as luck_1,
        dice('stay', admission) as luck_2,
    from admitted
)

select
    drawn.*,
    presentation,
    route,
    case
        when presentation_slots.timing is not null then presentation_slots.timing
        when route = 'birth' then 'born'
        when age_group = 'infant' then 'infancy'
        when luck_1 % 1000 < 10 then 'before_year'
        when luck_1 % 1000 < 13 then 'after_period'
        when luck_1 % 1000 < 53 then 'year_before'
        else 'in_year'
    end as timing,
from drawn
inner join presentation_slots using (stream, age_group, slot);
