{% macro shown_counts(room) -%}
select
    room.area_level,
    room.practice_code,
    room.area_code,
    room.parent_code,
    room.metric_id,
    room.measure,
    case
        -- before small numbers: of a cell that changed, the reason must not say whether it is small
        when room.is_withheld and room.is_changed_by_few then 'changed_by_few'
        when room.is_withheld then 'small_number'
        when decided.is_withheld then 'secondary'
    end as reason,
    case
        when not (room.is_withheld or decided.is_withheld)
            then {{ to_nearest('room.cell_count', 'rules.rounding') }}
    end as shown_count
from {{ room }} as room
cross join {{ ref('int_disclosure__rules') }} as rules
inner join decided
    on
        room.area_level = decided.area_level
        and room.area_code = decided.area_code
        and room.parent_code is not distinct from decided.parent_code
        and room.metric_id = decided.metric_id
        and room.measure = decided.measure
order by room.area_level, room.parent_code, room.area_code, room.metric_id, room.measure
{%- endmacro %}
