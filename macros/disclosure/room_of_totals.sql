{% macro room_of_totals(room, area_level, below) -%}
select
    room.area_level,
    room.area_code,
    room.parent_code,
    room.metric_id,
    room.measure,
    room.is_primary,
    case when room.is_primary then {{ unbounded() }} else room.shown_up end as own_up,
    case when room.is_primary then {{ unbounded() }} else room.shown_down end as own_down,
    beneath.all_up,
    beneath.all_down,
    least(own_up, beneath.all_up) as room_up,
    least(own_down, beneath.all_down) as room_down
from {{ room }} as room
inner join (
    select
        parent_code,
        metric_id,
        measure,
        sum(room_up) as all_up,
        sum(room_down) as all_down
    from {{ below }}
    group by parent_code, metric_id, measure
) as beneath
    on
        room.area_code = beneath.parent_code
        and room.metric_id = beneath.metric_id
        and room.measure = beneath.measure
where room.area_level = '{{ area_level }}'
{%- endmacro %}
