-- Social care of the people of the journals, linked on the exact number.

with services as (

    select distinct
        nhs_number,
        service,
        started_on,
        ended_on
    from {{ ref('int_social_care__judged') }}
    where rejected_rule is null

),

permitted as (

    {{ exclude_opted_out('services', var('collection')) }}

),

keyed as (

    select
        {{ pseudonymise('nhs_number') }} as patient_key,
        service,
        started_on,
        ended_on
    from permitted

)

select
    keyed.patient_key,
    keyed.service,
    keyed.started_on,
    keyed.ended_on
from keyed
where
    -- who is collected, and nobody else
    exists (
        select 1
        from {{ ref('int_journals__people') }} as people
        where people.patient_key = keyed.patient_key
    )
order by 1, 2, 3, 4
