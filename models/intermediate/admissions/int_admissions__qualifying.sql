-- Unit:        one condition of one emergency admission of a permitted patient
-- Period:      admission date within the collection's period (cut at the gateway)
-- Included:    first episode of an ordinary admission, finished or unfinished, general episode
-- Excluded:    transfers from other hospitals, unknown sex, unknown age
-- Source:      CCG OIS 2.6, filters 2 to 10 (domain handbook, section 2.1)

with admissions as (

    select *
    from {{ ref('int_admissions__emergency') }}
    where
        (start_age between 0 and 120 or start_age between 7001 and 7007)
        and episode_status in ('1', '3')
        and sex in ('1', '2')
        and episode_order = 1
        and coalesce(admission_source, '') not in ('51', '52', '53')
        and episode_type = '1'
        and patient_class = '1'

),

primary_codes as (

    select
        *,
        substr(primary_diagnosis, 1, 3) as code,
        3 as match_length
    from admissions
    union all
    select
        *,
        substr(primary_diagnosis, 1, 4) as code,
        4 as match_length
    from admissions

)

select
    primary_codes.patient_key,
    primary_codes.admission_date,
    conditions.condition
from primary_codes
inner join {{ ref('emergency_conditions') }} as conditions
    on
        primary_codes.code = conditions.code
        and primary_codes.match_length = conditions.match_length
inner join {{ ref('int_collection__settings') }} as settings
    on conditions.definition = settings.emergency_definition
where
    conditions.position = 'primary'
    and not conditions.is_exclusion
    and primary_codes.admission_date >= coalesce(conditions.valid_from, date '0001-01-01')
    and primary_codes.admission_date <= coalesce(conditions.valid_to, date '9999-12-31')
order by
    primary_codes.patient_key,
    primary_codes.admission_date,
    conditions.condition
