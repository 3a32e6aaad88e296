-- Unit:         one metric of one area: a practice, a CCG, England
-- Numerator, denominator, period, exclusions: dim_metrics and int_metrics__by_area
-- Disclosure:   int_gp_report__cells, on every level; all else from the ranges told there

with cells as (

    {{ with_intervals(ref('int_gp_report__cells')) }}

)

select
    cells.area_level,
    cells.area_code,
    cells.metric_id,
    {{ measures('cells', 'cells.unit') }},
    {{ confidence_intervals('cells') }},
    {{ suppression('cells') }}
from cells
cross join {{ ref('int_disclosure__rules') }} as rules
where cells.area_level <> 'gp'
order by cells.area_level, cells.area_code, cells.metric_id
