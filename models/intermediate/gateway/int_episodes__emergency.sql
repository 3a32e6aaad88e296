-- Episodes that begin with an emergency admission in the period, of somebody with a usable
-- number; once each. An episode that is there twice is taken once; under two people's numbers it
-- is nobody's.

with episodes as (

    select episodes.*
    from {{ ref('int_episodes__judged') }} as episodes
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

),

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

)

select
    episode_key,
    nhs_number,
    admission_date,
    admission_method,
    admission_source,
    patient_class,
    episode_status,
    episode_type,
    episode_order,
    sex,
    age_kind,
    main_specialty,
    birth_month_kind,
    primary_diagnosis,
    diagnoses,
    procedures
from numbered
where
    -- without a key nobody can tell whether it is a copy
    episode_key is null
    or (copy_number = 1 and lowest_number = highest_number)
