-- Unit:         one metric of one area: a practice, a CCG, England
-- Numerator, denominator, period, exclusions: dim_metrics and int_metrics__by_area
-- Disclosure:   int_gp_report__cells, on every level; all else from the ranges told there

select
    cells.area_level,
    cells.area_code,
    cells.metric_id,
    {{ measures('cells', 'metrics.unit') }},
    {{ confidence_intervals('intervals', 'metrics.unit') }},
    {{ suppression('cells') }}
from {{ ref('int_gp_report__cells') }} as cells
cross join {{ ref('int_disclosure__rules') }} as rules
inner join {{ ref('metrics') }} as metrics on cells.metric_id = metrics.metric_id
inner join {{ ref('int_measures__intervals') }} as intervals
    on
        cells.area_level = intervals.area_level
        and cells.area_code = intervals.area_code
        and cells.metric_id = intervals.metric_id
where cells.area_level <> 'gp'
order by cells.area_level, cells.area_code, cells.metric_id
