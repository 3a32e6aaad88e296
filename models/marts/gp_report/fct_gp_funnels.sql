-- Unit:       a GP's result on a metric, seen against the CCG's or England's
-- Category:   whether the GP's interval leaves the comparator out, which is whether the result lies
--             beyond the funnel's limits; no rank, no score, and none for a short list. Where a
--             count is not told exactly: only where all that it may be agree
-- Disclosure: int_gp_report__cells; intervals from the ranges told there

{% set limits = {
    'lowest': ['lower_99_8', 'lower_95', 'lowest_upper_95', 'lowest_upper_99_8'],
    'highest': ['highest_lower_99_8', 'highest_lower_95', 'upper_95', 'upper_99_8'],
} -%}

with cells as (

    {{ with_intervals(ref('int_gp_report__cells')) }}

),

compared as (

    select
        comparisons.*,
        case
            when comparisons.not_compared_reason is null
                then {{ funnel_category('comparisons.highest_baseline', *limits['lowest']) }}
        end as lowest_category,
        case
            when comparisons.not_compared_reason is null
                then {{ funnel_category('comparisons.lowest_baseline', *limits['highest']) }}
        end as highest_category
    from {{ ref('int_measures__comparisons') }} as comparisons
    inner join cells
        on
            cells.area_level = 'gp'
            and comparisons.area_code = cells.area_code
            and comparisons.metric_id = cells.metric_id

)

select
    compared.practice_code,
    compared.gp_code,
    compared.metric_id,
    compared.comparator_level,
    {{ in_unit('compared.baseline', 'compared.unit') }} as comparator_value,
    {{ in_unit('funnels.lower_99_8', 'compared.unit') }} as lower_99_8_limit,
    {{ in_unit('funnels.lower_95', 'compared.unit') }} as lower_95_limit,
    {{ in_unit('funnels.upper_95', 'compared.unit') }} as upper_95_limit,
    {{ in_unit('funnels.upper_99_8', 'compared.unit') }} as upper_99_8_limit,
    case
        when compared.lowest_category = compared.highest_category then compared.lowest_category
    end as category,
    case
        when compared.lowest_category <> compared.highest_category then 'near_a_limit'
        else compared.not_compared_reason
    end as not_compared_reason
from compared
cross join {{ ref('int_disclosure__rules') }} as rules
inner join {{ ref('int_measures__funnels') }} as funnels
    on
        compared.practice_code = funnels.practice_code
        and compared.gp_code = funnels.gp_code
        and compared.metric_id = funnels.metric_id
        and compared.comparator_level = funnels.comparator_level
order by
    compared.practice_code,
    compared.gp_code,
    compared.metric_id,
    compared.comparator_level
