{% macro room_to_move(limits, groups=[], carried=[]) -%}
changed as (

    {% if groups -%}
    {{ changed_by_few(limits, groups) }}
    {%- else -%}
    select
        *,
        false as is_changed
    from {{ limits }}
    {%- endif %}

),

rounded as (

    select
        changed.*,
        rules.small_number_to,
        {{ integer_divide('rules.rounding', 2) }} as step_down,
        {{ integer_divide('rules.rounding - 1', 2) }} as step_up,
        {{ to_nearest('changed.cell_count', 'rules.rounding') }} as rounded_count,
        changed.cell_count between rules.small_number_from and rules.small_number_to as is_small,
        rules.small_number_to - rules.small_number_from as sliding_protection
    from changed
    cross join {{ ref('int_disclosure__rules') }} as rules

),

bounded as (

    select
        *,
        greatest(rounded_count - step_down, small_number_to + 1, lowest_shown_count) as from_count,
        least(rounded_count + step_up, highest_shown_count) as to_count,
        is_small or (is_changed and cell_count > 0) as is_primary,
        -- a list can grow whatever else is known of it; other counts can fall
        case
            when is_small then small_number_to - cell_count
            when is_changed and is_list and measure = 'denominator' then sliding_protection
            when is_changed then 0
            else
                least(
                    sliding_protection,
                    greatest(0, sliding_protection - (cell_count - lowest_count))
                )
        end as upper_protection
    from rounded

)

select
    area_level,
    area_code,
    parent_code,
    metric_id,
    measure,
    cell_count,
    {%- for column in carried %}
    {{ column }},
    {%- endfor %}
    is_changed as is_changed_by_few,
    is_primary,
    cell_count > 0 and not is_primary and highest_count - lowest_count >= sliding_protection
        as can_be_secondary,
    cast(case when cell_count > small_number_to then to_count - cell_count else 0 end as bigint)
        as shown_up,
    cast(case when cell_count > small_number_to then cell_count - from_count else 0 end as bigint)
        as shown_down,
    cast(highest_count - cell_count as bigint) as suppressed_up,
    cast(cell_count - lowest_count as bigint) as suppressed_down,
    cast(upper_protection as bigint) as upper_protection,
    cast(sliding_protection - upper_protection as bigint) as lower_protection,
    cast(sliding_protection as bigint) as sliding_protection
from bounded
order by measure, metric_id, area_level, area_code
{%- endmacro %}
