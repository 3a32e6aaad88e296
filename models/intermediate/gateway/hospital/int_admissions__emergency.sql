with permitted as (

    {{ exclude_opted_out(ref('int_episodes__emergency'), var('collection')) }}

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
    admissions.admission_method,
    admissions.admission_source,
    admissions.patient_class,
    admissions.episode_status,
    admissions.episode_type,
    admissions.episode_order,
    admissions.sex,
    admissions.age_kind,
    admissions.main_specialty,
    admissions.birth_month_kind,
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
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
