-- Unit:         one metric of one area: a practice, a CCG, England
-- Numerator, denominator, period, exclusions: dim_metrics and int_metrics__by_area
-- Disclosure:   HES rule, on every level (domain handbook, section 8)

with controlled as (

    select
        area_level,
        area_code,
        metric_id,
        {{ disclosure_control('numerator_count') }} as numerator_count,
        {{ disclosure_control('denominator_count') }} as denominator_count
    from {{ ref('int_metrics__by_area') }}

)

select
    controlled.area_level,
    controlled.area_code,
    controlled.metric_id,
    {{ measures('controlled', 'metrics.unit') }}
from controlled
inner join {{ ref('dim_metrics') }} as metrics on controlled.metric_id = metrics.metric_id
order by controlled.area_level, controlled.area_code, controlled.metric_id
