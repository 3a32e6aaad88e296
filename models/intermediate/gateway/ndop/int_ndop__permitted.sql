-- Everybody whom the latest exchange permits: a list of who is allowed, and nobody else is.

with answered as (

    select distinct lines.nhs_number
    from {{ ref('int_ndop__lines') }} as lines
    inner join {{ ref('int_ndop__exchanges') }} as exchanges
        on lines.subject = exchanges.subject
    where
        lines.line_count > 0
        and exchanges.is_latest
        and exchanges.problem is null

),

not_objecting as (

    {{ exclude_opted_out('answered', var('collection')) }}

),

permitted as (

    select {{ pseudonymise('nhs_number') }} as patient_key
    from not_objecting

)

select permitted.patient_key
from permitted
where
    -- nobody whom the collection does not hold
    exists (
        select 1
        from {{ ref('int_patients__permitted') }} as patients
        where patients.patient_key = permitted.patient_key
    )
    or exists (
        select 1
        from {{ ref('int_journals__people') }} as people
        where people.patient_key = permitted.patient_key
    )
order by permitted.patient_key
