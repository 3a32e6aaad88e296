-- Unit:       an area (a GP's list, a practice, a CCG, England), a metric, and an end of what its
--             value is told to be, the lowest or the highest; the same where it is told exactly
-- Interval:   of the proportion, or of the rate for one patient, unrounded
-- Disclosure: int_gp_report__cells; null where a count is withheld, and where nobody is eligible
-- Source:     domain handbook, section 9: Wilson for proportions, Poisson for rates (S4, S79)

{% set counts = ['ends.numerator', 'ends.denominator'] %}

with ends as (

    select
        area_level,
        area_code,
        metric_id,
        'lowest' as value_end,
        lowest_numerator as numerator,
        highest_denominator as denominator
    from {{ ref('int_gp_report__cells') }}
    union all
    select
        area_level,
        area_code,
        metric_id,
        'highest' as value_end,
        highest_numerator as numerator,
        case
            when lowest_denominator > 0 then greatest(lowest_denominator, highest_numerator)
            else lowest_denominator
        end as denominator
    from {{ ref('int_gp_report__cells') }}

)

select
    ends.area_level,
    ends.area_code,
    ends.metric_id,
    ends.value_end,
    case metrics.unit
        when 'percent' then {{ wilson_limit('lower', *counts, confidence=99.8) }}
        when 'per_1000' then poisson.lower_99_8 / nullif(ends.denominator, 0)
    end as lower_99_8,
    case metrics.unit
        when 'percent' then {{ wilson_limit('lower', *counts, confidence=95) }}
        when 'per_1000' then poisson.lower_95 / nullif(ends.denominator, 0)
    end as lower_95,
    case metrics.unit
        when 'percent' then {{ wilson_limit('upper', *counts, confidence=95) }}
        when 'per_1000' then poisson.upper_95 / nullif(ends.denominator, 0)
    end as upper_95,
    case metrics.unit
        when 'percent' then {{ wilson_limit('upper', *counts, confidence=99.8) }}
        when 'per_1000' then poisson.upper_99_8 / nullif(ends.denominator, 0)
    end as upper_99_8
from ends
inner join {{ ref('metrics') }} as metrics on ends.metric_id = metrics.metric_id
left join {{ ref('int_measures__poisson_limits') }} as poisson
    on ends.numerator = poisson.event_count
order by
    ends.area_level, ends.area_code, ends.metric_id, ends.value_end
