-- Episodes that begin with an emergency admission in the period, of somebody with a usable
-- number; once each. An episode that is there twice is taken once; under two people's numbers it
-- is nobody's; an unfinished one is passed over where the finished one is there too.

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

finished_later as (

    {{ finished_later('episodes') }}

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
    numbered.episode_key,
    numbered.nhs_number,
    numbered.admission_date,
    numbered.admission_method,
    numbered.admission_source,
    numbered.patient_class,
    numbered.episode_status,
    numbered.episode_type,
    numbered.episode_order,
    numbered.sex,
    numbered.age_kind,
    numbered.main_specialty,
    numbered.birth_month_kind,
    numbered.primary_diagnosis,
    numbered.diagnoses,
    numbered.procedures
from numbered
left join finished_later
    on
        numbered.nhs_number = finished_later.nhs_number
        and numbered.admission_date = finished_later.admission_date
        and numbered.admission_method = finished_later.admission_method
        and numbered.episode_order = finished_later.episode_order
        and numbered.episode_status <> '3'
where
    finished_later.nhs_number is null
    and (
        -- without a key nobody can tell whether it is a copy
        numbered.episode_key is null
        or (numbered.copy_number = 1 and numbered.lowest_number = numbered.highest_number)
    )
