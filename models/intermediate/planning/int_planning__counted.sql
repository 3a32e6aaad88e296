-- Who counts in what, one row a metric, patient and practice.
-- patients: everybody collected. A register: of those whose age it is about, who is on it. A
-- target: who meets it, of those whom none of its rules rejects. Activity: who has a record of the
-- category in the month.

with activity as (

    select distinct
        metrics.metric_id,
        records.patient_key,
        records.practice_code
    from {{ ref('int_journals__records') }} as records
    cross join {{ ref('int_collection__settings') }} as settings
    inner join {{ ref('int_planning__metrics') }} as metrics
        on
            records.category = metrics.category
            and cast(date_trunc('month', records.recorded_on) as date) = metrics.month
    where records.recorded_on between settings.period_start and settings.period_end

),

counted as (

    select
        metrics.metric_id,
        people.patient_key,
        people.practice_code,
        true as is_in_numerator,
        true as is_in_denominator
    from {{ ref('int_journals__people') }} as people
    inner join {{ ref('int_planning__metrics') }} as metrics on metrics.kind = 'patients'
    union all
    select
        people.register as metric_id,
        people.patient_key,
        people.practice_code,
        decided.is_on_register as is_in_numerator,
        true as is_in_denominator
    from {{ ref('int_registers__people') }} as people
    inner join {{ ref('int_registers__decided') }} as decided
        on
            people.register = decided.register
            and people.patient_key = decided.patient_key
            and people.practice_code = decided.practice_code
    where people.is_of_age
    union all
    select
        register || ' ' || target as metric_id,
        patient_key,
        practice_code,
        is_in_numerator,
        is_in_denominator
    from {{ ref('int_registers__targets') }}
    where is_in_denominator
    union all
    select
        metric_id,
        patient_key,
        practice_code,
        true as is_in_numerator,
        false as is_in_denominator
    from activity

)

select
    metric_id,
    patient_key,
    practice_code,
    is_in_numerator,
    is_in_denominator
from counted
order by patient_key, practice_code, metric_id
