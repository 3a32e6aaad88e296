-- Admissions of the people of the journals: the first episode of a stay, linked on the exact
-- number.

with stays as (

    select
        episodes.nhs_number,
        episodes.admission_date,
        episodes.admission_method,
        episodes.primary_diagnosis,
        -- who does not say at which provider may mean any
        coalesce(
            episodes.provider_code,
            min(episodes.provider_code) over (
                partition by
                    episodes.nhs_number,
                    episodes.admission_date,
                    episodes.admission_method,
                    episodes.primary_diagnosis
            )
        ) as provider_code
    from {{ ref('int_hospital__episodes') }} as episodes
    cross join {{ ref('int_collection__settings') }} as settings
    where
        episodes.rejected_rule is null
        and episodes.copy_rule is null
        and episodes.episode_order = '1'
        and episodes.admission_date between settings.period_start and settings.period_end
        and {{ collects_journals() }}

),

admissions as (

    -- two stays on one day at two providers are two
    select distinct
        nhs_number,
        admission_date,
        admission_method,
        primary_diagnosis,
        provider_code
    from stays

),

permitted as (

    {{ exclude_opted_out('admissions', var('collection')) }}

),

keyed as (

    select
        {{ pseudonymise('nhs_number') }} as patient_key,
        admission_date,
        admission_method,
        primary_diagnosis
    from permitted

)

select
    keyed.patient_key,
    keyed.admission_date,
    keyed.admission_method,
    keyed.primary_diagnosis
from keyed
where
    -- who is collected, and nobody else
    exists (
        select 1
        from {{ ref('int_journals__people') }} as people
        where people.patient_key = keyed.patient_key
    )
order by 1, 2, 3, 4
