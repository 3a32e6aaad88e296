-- The GPs' counts added up for their practice, their CCG and England, each person once.

with totals as (

    select
        members.area_level,
        members.area_code,
        metrics.metric_id,
        sum(metrics.numerator_count) as numerator_count,
        sum(metrics.denominator_count) as denominator_count
    from {{ ref('int_metrics__by_gp') }} as metrics
    inner join {{ ref('int_areas__members') }} as members
        on metrics.practice_code = members.practice_code
    group by members.area_level, members.area_code, metrics.metric_id

)

select
    totals.area_level,
    totals.area_code,
    totals.metric_id,
    cast(totals.numerator_count - coalesce(again.numerator_excess_count, 0) as bigint)
        as numerator_count,
    cast(totals.denominator_count - coalesce(again.denominator_excess_count, 0) as bigint)
        as denominator_count
from totals
left join {{ ref('int_metrics__counted_again') }} as again
    on
        totals.area_level = again.area_level
        and totals.area_code = again.area_code
        and totals.metric_id = again.metric_id
order by totals.area_level, totals.area_code, totals.metric_id
