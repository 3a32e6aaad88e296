-- Unit:       a GP's result on a metric, seen against the CCG's or England's
-- Limits:     how far from the comparator a list of this size may lie by chance, as a proportion or
--             as the rate for one patient, unrounded; null where the two are not compared
-- Source:     domain handbook, section 9: Wilson for proportions, Poisson for rates (S79)

{% set place = ['compared.compared_size', 'compared.baseline'] %}

with compared as (

    select
        *,
        case when not_compared_reason is null then told_size end as compared_size
    from {{ ref('int_measures__comparisons') }}

)

select
    compared.practice_code,
    compared.gp_code,
    compared.metric_id,
    compared.comparator_level,
    case compared.unit
        when 'percent' then {{ funnel_limit('lower', *place, confidence=99.8) }}
        when 'per_1000' then counts.lower_99_8 / compared.compared_size
    end as lower_99_8,
    case compared.unit
        when 'percent' then {{ funnel_limit('lower', *place, confidence=95) }}
        when 'per_1000' then counts.lower_95 / compared.compared_size
    end as lower_95,
    case compared.unit
        when 'percent' then {{ funnel_limit('upper', *place, confidence=95) }}
        when 'per_1000' then counts.upper_95 / compared.compared_size
    end as upper_95,
    case compared.unit
        when 'percent' then {{ funnel_limit('upper', *place, confidence=99.8) }}
        when 'per_1000' then counts.upper_99_8 / compared.compared_size
    end as upper_99_8
from compared
left join {{ ref('int_measures__count_limits') }} as counts
    on compared.expected_count = counts.expected_count
order by
    compared.practice_code, compared.gp_code, compared.metric_id, compared.comparator_level
