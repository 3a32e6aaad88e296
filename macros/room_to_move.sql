{% macro room_to_move(limits) -%}
rounded as (

    select
        limits.*,
        rules.small_number_from,
        rules.small_number_to,
        {{ integer_divide('rules.rounding', 2) }} as step_down,
        {{ integer_divide('rules.rounding - 1', 2) }} as step_up,
        {{ to_nearest('limits.cell_count', 'rules.rounding') }} as rounded_count,
        limits.cell_count between rules.small_number_from and rules.small_number_to as is_small,
        rules.small_number_to - rules.small_number_from as need_count
    from {{ limits }} as limits
    cross join {{ ref('int_disclosure__rules') }} as rules

),

bounds as (

    select
        *,
        greatest(rounded_count - step_down, small_number_to + 1, lowest_shown_count) as from_count,
        least(rounded_count + step_up, highest_shown_count) as to_count,
        is_small or (is_changed_by_few and cell_count > 0) as is_withheld,
        -- a list can grow whatever else is known of it; other counts can fall
        case
            when is_small then small_number_to - cell_count
            when is_changed_by_few and is_list and measure = 'denominator' then need_count
            when is_changed_by_few then 0
            else least(need_count, greatest(0, need_count - (cell_count - lowest_count)))
        end as need_up
    from rounded

)

select
    area_level,
    practice_code,
    area_code,
    parent_code,
    metric_id,
    measure,
    cell_count,
    is_changed_by_few,
    is_withheld,
    cell_count > 0 and not is_withheld and highest_count - lowest_count >= need_count
        as can_be_withheld,
    cast(case when cell_count > small_number_to then to_count - cell_count else 0 end as bigint)
        as shown_room_up,
    cast(case when cell_count > small_number_to then cell_count - from_count else 0 end as bigint)
        as shown_room_down,
    cast(highest_count - cell_count as bigint) as withheld_room_up,
    cast(cell_count - lowest_count as bigint) as withheld_room_down,
    cast(need_up as bigint) as need_up,
    cast(need_count - need_up as bigint) as need_down,
    cast(need_count as bigint) as need_count
from bounds
order by measure, metric_id, area_level, practice_code, area_code
{%- endmacro %}
