-- The GPs' counts added up for their practice, their CCG and England, each person once.

with gps as (

    select
        metrics.practice_code,
        practices.ccg_code,
        metrics.metric_id,
        metrics.numerator_count,
        metrics.denominator_count
    from {{ ref('int_metrics__by_gp') }} as metrics
    left join {{ ref('int_ods__practices') }} as practices
        on metrics.practice_code = practices.practice_code

),

placed as (

    select
        'practice' as area_level,
        practice_code as area_code,
        *
    from gps
    union all
    select
        'ccg' as area_level,
        ccg_code as area_code,
        *
    from gps
    union all
    select
        'england' as area_level,
        'ENGLAND' as area_code,
        *
    from gps

),

totals as (

    select
        area_level,
        area_code,
        metric_id,
        sum(numerator_count) as numerator_count,
        sum(denominator_count) as denominator_count
    from placed
    group by area_level, area_code, metric_id

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
