{% macro shown_counts(room, decided, carried=[]) -%}
select
    room.area_level,
    room.area_code,
    room.parent_code,
    room.metric_id,
    room.measure,
    case
        -- before small numbers: of a cell that changed, the reason must not say whether it is small
        when room.is_primary and room.is_changed_by_few then 'changed_by_few'
        when room.is_primary then 'small_number'
        when decided.is_suppressed then 'secondary'
    end as reason,
    case
        when not (room.is_primary or decided.is_suppressed)
            then {{ to_nearest('room.cell_count', 'rules.rounding') }}
    end as shown_count
    {%- for column in carried %},
    {{ column }}
    {%- endfor %}
from {{ room }} as room
cross join {{ ref('int_disclosure__rules') }} as rules
inner join {{ decided }} as decided
    on
        room.area_level = decided.area_level
        and room.area_code = decided.area_code
        and room.metric_id = decided.metric_id
        and room.measure = decided.measure
{%- endmacro %}
