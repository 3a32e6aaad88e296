-- Every row of the hospital files, looked at by itself: usable, or rejected by the first rule it
-- breaks. Rows are compared with each other in int_episodes__compared. A field that is empty is
-- left to the definition; one that holds what no list knows is rejected.

{% set listed = ['sex', 'admission_source', 'patient_class', 'episode_status', 'episode_type'] -%}

select
    episodes.file_name,
    episodes.episode_key,
    episodes.nhs_number,
    episodes.provider_code,
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
        episodes.episode_key_rule,
        case
            when episodes.has_unreadable_admission then 'admission_date_unreadable'
            when episodes.admission_date is null then 'admission_date_unknown'
            when episodes.has_unreadable_discharge then 'discharge_date_unreadable'
            when episodes.discharge_date < episodes.admission_date
                then 'discharged_before_admission'
            when methods.admission_method is null then 'admission_method_unknown'
            when
                coalesce(episodes.episode_order, '99') = '99'
                or not {{ full_match('episodes.episode_order', '[1-9][0-9]?') }}
                then 'episode_order_unknown'
            {%- for field in listed %}
                when episodes.{{ field }} is not null and {{ field }}_codes.code is null
                    then '{{ field }}_unknown'
            {%- endfor %}
            when episodes.age_kind = 'unknown' then 'start_age_unknown'
            -- X fills up what is empty
            when
                not {{ is_code_list('episodes.primary_diagnosis') }}
                and episodes.primary_diagnosis <> 'XXXX'
                then 'primary_diagnosis_malformed'
            when not {{ is_code_list('episodes.diagnoses') }} then 'diagnoses_malformed'
            when not {{ is_code_list('episodes.procedures') }} then 'procedures_malformed'
        end
    ) as rejected_rule
from {{ ref('stg_hes__apc_episodes') }} as episodes
cross join {{ ref('stg_landing__folder') }} as folder
left join {{ ref('admission_methods') }} as methods
    on episodes.admission_method = methods.admission_method
{%- for field in listed %}
    left join {{ ref('hospital_codes') }} as {{ field }}_codes
        on
            {{ field }}_codes.field = '{{ field }}'
            and episodes.{{ field }} = {{ field }}_codes.code
{%- endfor %}
