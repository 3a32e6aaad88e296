-- Unit:   a patient registered with a practice on the reference date of a register, alive then
-- Age:    only the year of birth is stored. The birthday may still come, so lowest_age is what
--         everybody born in that year has reached, highest_age what nobody has passed.
-- Unsure: who died in the year of the reference date may have died before it, and is left out.

with registers as (

    select
        registers.register,
        registers.age_from,
        registers.age_to,
        case registers.reference_date
            when 'period_end' then settings.period_end
            when 'collected_at' then cast(settings.collected_at as date)
        end as reference_date
    from {{ ref('registers') }} as registers
    inner join {{ ref('int_collection__settings') }} as settings
        on registers.collection = settings.collection

),

people as (

    select
        registers.*,
        people.patient_key,
        people.practice_code,
        people.sex,
        people.registered_on,
        cast(year(registers.reference_date) - people.birth_year - 1 as integer) as lowest_age,
        cast(year(registers.reference_date) - people.birth_year as integer) as highest_age
    from {{ ref('int_journals__people') }} as people
    cross join registers
    where
        people.registered_on <= registers.reference_date
        and (
            people.death_year is null
            or people.death_year > year(registers.reference_date)
        )

)

select
    register,
    patient_key,
    practice_code,
    reference_date,
    lowest_age,
    -- whose age nobody knows is of no age that a register asks for
    coalesce(lowest_age >= age_from, age_from is null)
    and coalesce(highest_age <= age_to, age_to is null) as is_of_age,
    sex,
    registered_on
from people
order by patient_key, practice_code, register
