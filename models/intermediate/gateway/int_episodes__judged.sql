-- Every row of the hospital files, looked at by itself: usable, or rejected by the first rule it
-- breaks. Rows are compared with each other later: an episode may be there twice.

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
    episodes.procedures,
    coalesce(
        {{ nhs_number_rule(
            'episodes.nhs_number', 'episodes.nhs_number_spelling_rule', 'folder.is_synthetic'
        ) }},
        case
            when episodes.admission_date is null then 'admission_date_unknown'
            when episodes.discharge_date < episodes.admission_date
                then 'discharged_before_admission'
            when methods.admission_method is null then 'admission_method_unknown'
            when
                coalesce(episodes.episode_order, '99') = '99'
                or not {{ full_match('episodes.episode_order', '[1-9][0-9]?') }}
                then 'episode_order_unknown'
        end
    ) as rejected_rule
from {{ ref('stg_hes__apc_episodes') }} as episodes
cross join {{ ref('stg_landing__folder') }} as folder
left join {{ ref('admission_methods') }} as methods
    on episodes.admission_method = methods.admission_method
