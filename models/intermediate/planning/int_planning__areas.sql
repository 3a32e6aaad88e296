-- Unit:        a metric in a practice, a CCG or England; each person once an area
-- Numerator, denominator: int_planning__counted. For activity the denominator is the patients.
-- Exact counts: nothing here is shown to anybody before disclosure control

with counts as (

    select
        places.area_level,
        places.area_code,
        counted.metric_id,
        count(distinct counted.patient_key) filter (where counted.is_in_numerator)
            as numerator_count,
        count(distinct counted.patient_key) filter (where counted.is_in_denominator)
            as denominator_count
    from {{ ref('int_planning__counted') }} as counted
    inner join {{ ref('int_planning__places') }} as places
        on counted.practice_code = places.practice_code
    group by places.area_level, places.area_code, counted.metric_id

),

areas as (

    select distinct
        area_level,
        area_code,
        parent_code
    from {{ ref('int_planning__places') }}

)

select
    areas.area_level,
    areas.area_code,
    areas.parent_code,
    metrics.metric_id,
    coalesce(counts.numerator_count, 0) as numerator_count,
    case
        when metrics.kind = 'activity' then patients.denominator_count
        else coalesce(counts.denominator_count, 0)
    end as denominator_count
from areas
cross join {{ ref('int_planning__metrics') }} as metrics
inner join counts as patients
    on
        areas.area_level = patients.area_level
        and areas.area_code = patients.area_code
        and patients.metric_id = 'patients'
left join counts
    on
        areas.area_level = counts.area_level
        and areas.area_code = counts.area_code
        and metrics.metric_id = counts.metric_id
order by areas.area_level, areas.area_code, metrics.metric_id
