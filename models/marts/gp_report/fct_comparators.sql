-- Unit:         one metric of one area: a practice, a CCG, England
-- Numerator, denominator, period, exclusions: dim_metrics and int_metrics__by_area
-- Disclosure:   int_disclosure__cells, on every level

select
    cells.area_level,
    cells.area_code,
    cells.metric_id,
    {{ measures('cells', 'metrics.unit') }},
    {{ suppression('cells') }}
from {{ ref('int_disclosure__cells') }} as cells
inner join {{ ref('dim_metrics') }} as metrics on cells.metric_id = metrics.metric_id
where cells.area_level <> 'gp'
order by cells.area_level, cells.area_code, cells.metric_id
