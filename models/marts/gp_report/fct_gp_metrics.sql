-- Unit:         one metric of one GP's list of patients
-- Numerator, denominator, period, exclusions: dim_metrics and int_metrics__by_gp
-- Disclosure:   int_gp_report__cells; percent, rate and intervals from the ranges told there

select
    cells.practice_code,
    cells.gp_code,
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
where cells.area_level = 'gp'
order by cells.practice_code, cells.area_code, cells.metric_id
