{% macro with_intervals(cells) -%}
{%- set ends = {
    'lowest': ['told.lowest_numerator', 'told.highest_denominator'],
    'highest': ['told.highest_numerator', 'told.least_denominator'],
} -%}
{%- set limits = [
    ('lower_99_8', 'lower', 'lowest', 99.8), ('lower_95', 'lower', 'lowest', 95),
    ('upper_95', 'upper', 'highest', 95), ('upper_99_8', 'upper', 'highest', 99.8),
    ('highest_lower_99_8', 'lower', 'highest', 99.8), ('highest_lower_95', 'lower', 'highest', 95),
    ('lowest_upper_95', 'upper', 'lowest', 95), ('lowest_upper_99_8', 'upper', 'lowest', 99.8),
] -%}
with told as (

    select
        cells.*,
        metrics.unit,
        -- who is in the numerator is in the denominator
        case
            when cells.lowest_denominator > 0
                then greatest(cells.lowest_denominator, cells.highest_numerator)
            else cells.lowest_denominator
        end as least_denominator
    from {{ cells }} as cells
    inner join {{ ref('metrics') }} as metrics on cells.metric_id = metrics.metric_id

)

select
    told.*,
    -- noqa: disable=LT02
    {%- for name, side, end, confidence in limits %}
    case told.unit
        when 'percent' then {{ wilson_limit(side, *ends[end], confidence=confidence) }}
        when 'per_1000' then {{ rate_limit(side, *ends[end], exact=end, confidence=confidence) }}
    end as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
-- noqa: enable=LT02
from told
left join {{ exact_poisson() }} as lowest on told.lowest_numerator = lowest.event_count
left join {{ exact_poisson() }} as highest on told.highest_numerator = highest.event_count
{%- endmacro %}
