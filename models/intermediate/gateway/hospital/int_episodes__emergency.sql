-- Episodes that begin with an emergency admission in the period, of somebody with a usable
-- number; once each.

select
    episodes.file_name,
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
from {{ ref('int_hospital__episodes') }} as episodes
cross join {{ ref('int_collection__settings') }} as settings
inner join {{ ref('emergency_admission_methods') }} as methods
    on
        episodes.admission_method = methods.admission_method
        and settings.emergency_definition = methods.definition
        and episodes.admission_date >= coalesce(methods.valid_from, date '0001-01-01')
        and episodes.admission_date <= coalesce(methods.valid_to, date '9999-12-31')
where
    episodes.admission_date between settings.period_start and settings.period_end
    and episodes.rejected_rule is null
    and episodes.copy_rule is null
