{% macro known_of_parts(room, levels, is_total_published) -%}
select
    area_level,
    area_code,
    parent_code,
    metric_id,
    measure,
    cell_count,
    is_primary,
    can_be_secondary,
    shown_up,
    shown_down,
    -- the last count of a group is never suppressed: where none is shown, each was small by itself
    case
        when
            not is_changed_by_few
            and {{ is_total_published }}
            and bool_and(is_primary or cell_count = 0) over (
                partition by area_level, parent_code, metric_id, measure
            )
            then upper_protection
        else suppressed_up
    end as suppressed_up,
    suppressed_down,
    upper_protection,
    lower_protection,
    sliding_protection
from {{ room }} as room
where area_level in ('{{ levels | join("', '") }}')
{%- endmacro %}
