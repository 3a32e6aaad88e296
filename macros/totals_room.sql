{% macro totals_room(area_level, below) -%}
select
    room.area_level,
    room.area_code,
    room.parent_code,
    room.metric_id,
    room.measure,
    room.is_withheld,
    case when room.is_withheld then {{ unbounded() }} else room.shown_room_up end as own_up,
    case when room.is_withheld then {{ unbounded() }} else room.shown_room_down end as own_down,
    -- a practice without lists of GPs is a count like theirs
    case
        when beneath.parent_code is not null then beneath.sum_up
        when room.is_withheld then room.withheld_room_up
        else room.shown_room_up
    end as all_up,
    case
        when beneath.parent_code is not null then beneath.sum_down
        when room.is_withheld then room.withheld_room_down
        else room.shown_room_down
    end as all_down,
    least(own_up, all_up) as room_up,
    least(own_down, all_down) as room_down
from {{ ref('int_disclosure__room') }} as room
left join (
    select
        parent_code,
        metric_id,
        measure,
        sum(room_up) as sum_up,
        sum(room_down) as sum_down
    from {{ below }}
    group by parent_code, metric_id, measure
) as beneath
    on
        room.area_code = beneath.parent_code
        and room.metric_id = beneath.metric_id
        and room.measure = beneath.measure
where room.area_level = '{{ area_level }}'
{%- endmacro %}
