{% macro lowest_of_level(room, area_level, totals, is_total_published) -%}
select
    room.*,
    case when room.is_primary then room.suppressed_up else room.shown_up end as room_up,
    case when room.is_primary then room.suppressed_down else room.shown_down end as room_down,
    room.is_primary as is_suppressed,
    {{ is_total_published }} as is_total_published,
    {%- if totals %}
    totals.is_primary as is_total_suppressed,
    totals.total_up,
    totals.total_down
    {%- else %}
    false as is_total_suppressed,
    cast(0 as bigint) as total_up,
    cast(0 as bigint) as total_down
    {%- endif %}
from {{ room }} as room
{%- if totals %}
inner join slack as totals
    on
        totals.area_level = '{{ totals }}'
        and room.parent_code = totals.area_code
        and room.metric_id = totals.metric_id
        and room.measure = totals.measure
{%- endif %}
where room.area_level = '{{ area_level }}'
{%- endmacro %}
