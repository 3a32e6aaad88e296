-- Unit:         one metric of one GP's list of patients
-- Numerator, denominator, period, exclusions: dim_metrics and int_metrics__by_gp
-- Disclosure:   int_disclosure__cells; percent and rate from the shown counts alone

select
    cells.practice_code,
    cells.area_code as gp_code,
    cells.metric_id,
    {{ measures('cells', 'metrics.unit') }},
    {{ suppression('cells') }}
from {{ ref('int_disclosure__cells') }} as cells
inner join {{ ref('dim_metrics') }} as metrics on cells.metric_id = metrics.metric_id
where cells.area_level = 'gp'
order by cells.practice_code, cells.area_code, cells.metric_id
