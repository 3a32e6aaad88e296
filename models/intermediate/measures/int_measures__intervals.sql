-- Unit:       an area (a GP's list, a practice, a CCG, England) and metric
-- Interval:   what holds the intervals of all counts that it may be told to have: the lower limits
--             of the lowest value, the upper limits of the highest

select
    area_level,
    area_code,
    metric_id,
    max(lower_99_8) filter (where value_end = 'lowest') as lower_99_8,
    max(lower_95) filter (where value_end = 'lowest') as lower_95,
    max(upper_95) filter (where value_end = 'highest') as upper_95,
    max(upper_99_8) filter (where value_end = 'highest') as upper_99_8
from {{ ref('int_measures__extremes') }}
group by area_level, area_code, metric_id
order by area_level, area_code, metric_id
