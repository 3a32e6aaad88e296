-- Unit:      an emergency admission of a permitted patient that passes the definition's filters
-- Period:    admission date within the collection's period (cut at the gateway)
-- Filters:   the seed emergency_filters; a field without a row is not looked at
-- Source:    CCG OIS 2.6, filters 2 to 10 (domain handbook, section 2.1); IIF AC-02 (section 2.4)

-- one row, so that each admission is compared with its texts and with no table
with filters as (

    select
        {{ filter_values('age_kind') }},
        {{ filter_values('episode_status') }},
        {{ filter_values('sex') }},
        {{ filter_values('episode_order') }},
        {{ filter_values('admission_source') }},
        {{ filter_values('episode_type') }},
        {{ filter_values('patient_class') }},
        {{ filter_values('main_specialty') }},
        {{ filter_values('birth_month_kind') }}
    from {{ ref('emergency_filters') }} as filters
    inner join {{ ref('int_collection__settings') }} as settings
        on filters.definition = settings.emergency_definition

)

select
    admissions.patient_key,
    admissions.admission_date,
    admissions.primary_diagnosis,
    admissions.diagnoses,
    admissions.procedures
from {{ ref('int_admissions__emergency') }} as admissions
cross join filters
where
    {{ passes_filter('admissions', 'age_kind') }}
    and {{ passes_filter('admissions', 'episode_status') }}
    and {{ passes_filter('admissions', 'sex') }}
    and {{ passes_filter('admissions', 'episode_order') }}
    and {{ passes_filter('admissions', 'admission_source') }}
    and {{ passes_filter('admissions', 'episode_type') }}
    and {{ passes_filter('admissions', 'patient_class') }}
    and {{ passes_filter('admissions', 'main_specialty') }}
    and {{ passes_filter('admissions', 'birth_month_kind') }}
order by 1, 2, 3, 4, 5
