-- Unit:         one metric of one GP's list of patients
-- Numerator, denominator, period, exclusions: dim_metrics and int_metrics__by_gp
-- Disclosure:   int_gp_report__cells; percent, rate and intervals from the ranges told there

with cells as (

    {{ with_intervals(ref('int_gp_report__cells')) }}

)

select
    cells.practice_code,
    cells.gp_code,
    cells.metric_id,
    {{ measures('cells', 'cells.unit') }},
    {{ confidence_intervals('cells') }},
    {{ suppression('cells') }}
from cells
cross join {{ ref('int_disclosure__rules') }} as rules
where cells.area_level = 'gp'
order by cells.practice_code, cells.area_code, cells.metric_id
