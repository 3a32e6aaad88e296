with episodes as (

    select
        episodes.episode_key,
        episodes.nhs_number,
        episodes.admission_date,
        episodes.admission_method,
        episodes.admission_source,
        episodes.patient_class,
        episodes.episode_status,
        episodes.episode_type,
        episodes.episode_order,
        episodes.sex,
        episodes.age_kind,
        episodes.main_specialty,
        episodes.birth_month_kind,
        episodes.primary_diagnosis,
        episodes.diagnoses,
        episodes.procedures
    from {{ ref('stg_hes__apc_episodes') }} as episodes
    cross join {{ ref('stg_landing__folder') }} as folder
    cross join {{ ref('int_collection__settings') }} as settings
    inner join {{ ref('emergency_admission_methods') }} as methods
        on
            episodes.admission_method = methods.admission_method
            and settings.emergency_definition = methods.definition
            and episodes.admission_date >= coalesce(methods.valid_from, date '0001-01-01')
            and episodes.admission_date <= coalesce(methods.valid_to, date '9999-12-31')
    where
        episodes.admission_date between settings.period_start and settings.period_end
        and ({{ nhs_number_rule(
            'episodes.nhs_number', 'episodes.is_nhs_number_given', 'folder.is_synthetic'
        ) }}) is null

),

-- An episode that is there twice is taken once; under two people's numbers it is nobody's.
numbered as (

    select
        *,
        row_number() over (
            partition by episode_key
            order by admission_date, primary_diagnosis, diagnoses, procedures
        ) as copy_number,
        min(nhs_number) over (partition by episode_key) as lowest_number,
        max(nhs_number) over (partition by episode_key) as highest_number
    from episodes

),

permitted as (

    {{ exclude_opted_out('numbered', var('collection')) }}

),

admissions as (

    select
        {{ pseudonymise('nhs_number') }} as patient_key,
        permitted.*
    from permitted
    where
        permitted.episode_key is null
        or (permitted.copy_number = 1 and permitted.lowest_number = permitted.highest_number)

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
    exists (
        select 1
        from {{ ref('int_patients__permitted') }} as patients
        where patients.patient_key = admissions.patient_key
    )
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
