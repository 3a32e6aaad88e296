-- The GPs' counts added up for their practice, their CCG and England, each person once: who is
-- registered at two practices counts at both, and appears in the sums above them once too often.

with repeated as (

    select patient_key
    from {{ ref('int_patients__permitted') }}
    group by patient_key
    having count(*) > 1

),

admitted as (

    select distinct patient_key from {{ ref('int_admissions__qualifying') }}

),

positions as (

    {{ flag_positions() }}
    union all
    select
        'emergency_admissions' as metric_id,
        {{ null_of('bigint') }} as flag_position

),

appearances as (

    select
        patients.patient_key,
        members.area_level,
        members.area_code,
        positions.metric_id,
        case
            when positions.flag_position is not null
                then substr(patients.metric_flags, positions.flag_position, 1)
            when admitted.patient_key is null then 'n'
            else 'y'
        end as flag
    from {{ ref('int_patients__permitted') }} as patients
    inner join repeated on patients.patient_key = repeated.patient_key
    inner join {{ ref('int_areas__members') }} as members
        on patients.practice_code = members.practice_code and members.area_level <> 'practice'
    left join admitted on patients.patient_key = admitted.patient_key
    cross join positions

),

counts as (

    select
        members.area_level,
        members.area_code,
        metrics.metric_id,
        metrics.numerator_count,
        metrics.denominator_count
    from {{ ref('int_metrics__by_gp') }} as metrics
    inner join {{ ref('int_areas__members') }} as members
        on metrics.practice_code = members.practice_code
    union all
    select
        area_level,
        area_code,
        metric_id,
        1 - greatest(count(*) filter (where flag = 'y'), 1) as numerator_count,
        1 - greatest(count(*) filter (where flag in ('y', 'n')), 1) as denominator_count
    from appearances
    group by area_level, area_code, metric_id, patient_key

)

select
    area_level,
    area_code,
    metric_id,
    cast(sum(numerator_count) as bigint) as numerator_count,
    cast(sum(denominator_count) as bigint) as denominator_count
from counts
group by area_level, area_code, metric_id
order by area_level, area_code, metric_id
