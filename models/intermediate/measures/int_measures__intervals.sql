-- Unit:       an area (a GP's list, a practice, a CCG, England) and metric
-- Interval:   of the proportion, or of the rate for one patient, unrounded
-- Disclosure: from shown counts alone; null where one is withheld, and where nobody is eligible
-- Source:     domain handbook, section 9: Wilson for proportions, Poisson for rates (S4, S79)

{% set counts = ['cells.numerator_count', 'cells.denominator_count'] %}

select
    cells.area_level,
    cells.practice_code,
    cells.area_code,
    cells.metric_id,
    case metrics.unit
        when 'percent' then {{ wilson_limit('lower', *counts, confidence=99.8) }}
        when 'per_1000' then poisson.lower_99_8 / nullif(cells.denominator_count, 0)
    end as lower_99_8,
    case metrics.unit
        when 'percent' then {{ wilson_limit('lower', *counts, confidence=95) }}
        when 'per_1000' then poisson.lower_95 / nullif(cells.denominator_count, 0)
    end as lower_95,
    case metrics.unit
        when 'percent' then {{ wilson_limit('upper', *counts, confidence=95) }}
        when 'per_1000' then poisson.upper_95 / nullif(cells.denominator_count, 0)
    end as upper_95,
    case metrics.unit
        when 'percent' then {{ wilson_limit('upper', *counts, confidence=99.8) }}
        when 'per_1000' then poisson.upper_99_8 / nullif(cells.denominator_count, 0)
    end as upper_99_8
from {{ ref('int_disclosure__cells') }} as cells
inner join {{ ref('metrics') }} as metrics on cells.metric_id = metrics.metric_id
left join {{ ref('int_measures__poisson_limits') }} as poisson
    on cells.numerator_count = poisson.event_count
order by cells.area_level, cells.practice_code, cells.area_code, cells.metric_id
