-- Unit:       a GP's result on a metric, seen against the CCG's or England's
-- Category:   whether the GP's interval leaves the comparator out, which is whether the result lies
--             beyond the funnel's limits; no rank, no score, and none for a short list
-- Disclosure: int_measures__comparisons; everything from the counts that the marts show

select
    comparisons.practice_code,
    comparisons.gp_code,
    comparisons.metric_id,
    comparisons.comparator_level,
    {{ in_unit('comparisons.baseline', 'comparisons.unit') }} as comparator_value,
    {{ in_unit('funnels.lower_99_8', 'comparisons.unit') }} as lower_99_8_limit,
    {{ in_unit('funnels.lower_95', 'comparisons.unit') }} as lower_95_limit,
    {{ in_unit('funnels.upper_95', 'comparisons.unit') }} as upper_95_limit,
    {{ in_unit('funnels.upper_99_8', 'comparisons.unit') }} as upper_99_8_limit,
    case
        when comparisons.not_compared_reason is null
            then {{ funnel_category('comparisons.baseline', 'intervals') }}
    end as category,
    comparisons.not_compared_reason
from {{ ref('int_measures__comparisons') }} as comparisons
inner join {{ ref('int_measures__funnels') }} as funnels
    on
        comparisons.practice_code = funnels.practice_code
        and comparisons.gp_code = funnels.gp_code
        and comparisons.metric_id = funnels.metric_id
        and comparisons.comparator_level = funnels.comparator_level
inner join {{ ref('int_measures__intervals') }} as intervals
    on
        intervals.area_level = 'gp'
        and comparisons.practice_code = intervals.practice_code
        and comparisons.gp_code = intervals.area_code
        and comparisons.metric_id = intervals.metric_id
order by
    comparisons.practice_code,
    comparisons.gp_code,
    comparisons.metric_id,
    comparisons.comparator_level
