-- Every row of the hospital files with what the definition in force makes of it: worked out once,
-- while the row is read, so that what only its filters look at is kept nowhere.

with filters as (

    {{ definition_filters() }}

),

dated as (

    select
        episodes.*,
        methods.admission_method is not null
        and episodes.admission_date between settings.period_start and settings.period_end
            as is_emergency
    from {{ ref('int_episodes__judged') }} as episodes
    cross join {{ ref('int_collection__settings') }} as settings
    left join {{ ref('emergency_admission_methods') }} as methods
        on
            episodes.admission_method = methods.admission_method
            and settings.emergency_definition = methods.definition
            and episodes.admission_date >= coalesce(methods.valid_from, date '0001-01-01')
            and episodes.admission_date <= coalesce(methods.valid_to, date '9999-12-31')

),

scoped as (

    select
        dated.*,
        case when dated.is_emergency then {{ dropped_by('dated') }} end as dropped_by
    from dated
    cross join filters

)

select
    file_name,
    episode_key,
    nhs_number,
    provider_code,
    admission_date,
    admission_method,
    episode_status,
    episode_order,
    primary_diagnosis,
    case when is_emergency and dropped_by is null then diagnoses end as diagnoses,
    case when is_emergency and dropped_by is null then procedures end as procedures,
    is_emergency,
    dropped_by,
    case dropped_by
        {%- for field in fields_of_filters().split(',') %}
            when '{{ field }}' then {{ to_text(field) }}
        {%- endfor %}
    end as dropped_value,
    rejected_rule
from scoped
