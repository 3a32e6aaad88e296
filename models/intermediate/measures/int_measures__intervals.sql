-- Unit:       an area (a GP's list, a practice, a CCG, England) and metric
-- Interval:   what holds the intervals of all counts that the cell may be told to have: the lower
--             limits of the lowest value, the upper limits of the highest; and beside them the
--             other two limits of each end, for a funnel that asks whether both ends agree. Of the
--             proportion, or of the rate for one patient, unrounded
-- Disclosure: int_gp_report__cells; null where a count is withheld, and where nobody is eligible
-- Source:     domain handbook, section 9: Wilson for proportions, Poisson for rates (S4, S79)

{% set ends = {
    'lowest': ['ends.lowest_numerator', 'ends.highest_denominator'],
    'highest': ['ends.highest_numerator', 'ends.lowest_denominator'],
} -%}
{%- set limits = [
    ('lower_99_8', 'lower', 'lowest', 99.8), ('lower_95', 'lower', 'lowest', 95),
    ('upper_95', 'upper', 'highest', 95), ('upper_99_8', 'upper', 'highest', 99.8),
    ('highest_lower_99_8', 'lower', 'highest', 99.8), ('highest_lower_95', 'lower', 'highest', 95),
    ('lowest_upper_95', 'upper', 'lowest', 95), ('lowest_upper_99_8', 'upper', 'lowest', 99.8),
] -%}

with ends as (

    select
        cells.area_level,
        cells.area_code,
        cells.metric_id,
        metrics.unit,
        cells.lowest_numerator,
        cells.highest_denominator,
        cells.highest_numerator,
        -- who is in the numerator is in the denominator
        case
            when cells.lowest_denominator > 0
                then greatest(cells.lowest_denominator, cells.highest_numerator)
            else cells.lowest_denominator
        end as lowest_denominator
    from {{ ref('int_gp_report__cells') }} as cells
    inner join {{ ref('metrics') }} as metrics on cells.metric_id = metrics.metric_id

)

select
    ends.area_level,
    ends.area_code,
    ends.metric_id,
    -- noqa: disable=LT02
    {%- for name, side, end, confidence in limits %}
    case ends.unit
        when 'percent' then {{ wilson_limit(side, *ends[end], confidence=confidence) }}
        when 'per_1000' then {{ rate_limit(side, *ends[end], exact=end, confidence=confidence) }}
    end as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
-- noqa: enable=LT02
from ends
left join {{ exact_poisson() }} as lowest on ends.lowest_numerator = lowest.event_count
left join {{ exact_poisson() }} as highest on ends.highest_numerator = highest.event_count
order by ends.area_level, ends.area_code, ends.metric_id
