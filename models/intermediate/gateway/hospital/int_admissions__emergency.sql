-- Unit:      an emergency admission of a permitted patient that passes the definition's filters
-- Period:    admission date within the collection's period (int_episodes__scoped)
-- Filters:   the seed emergency_filters; a field without a row is not looked at
-- Source:    CCG OIS 2.6, filters 2 to 10 (domain handbook, section 2.1); IIF AC-02 (section 2.4)

with in_scope as (

    select *
    from {{ ref('int_hospital__episodes') }}
    where
        is_emergency
        and dropped_by is null
        and rejected_rule is null
        and copy_rule is null

),

permitted as (

    {{ exclude_opted_out('in_scope', var('collection')) }}

),

admissions as (

    select
        {{ pseudonymise('nhs_number') }} as patient_key,
        permitted.*
    from permitted

)

select
    admissions.patient_key,
    admissions.admission_date,
    admissions.primary_diagnosis,
    admissions.diagnoses,
    admissions.procedures
from admissions
where
    -- who is collected, and nobody else
    exists (
        select 1
        from {{ ref('int_patients__permitted') }} as patients
        where patients.patient_key = admissions.patient_key
    )
order by 1, 2, 3, 4, 5
