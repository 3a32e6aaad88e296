{% macro known_up(is_total_published) -%}
case
    when
        room.is_primary
        and not room.is_changed_by_few
        and {{ is_total_published }}
        and bool_and(room.is_primary or room.cell_count = 0) over (
            partition by room.parent_code, room.metric_id, room.measure
        )
        then room.upper_protection
    else room.suppressed_up
end
{%- endmacro %}
