{% macro areas_above(area_level, below, level_above) -%}
beneath as (

    select
        parent_code as area_code,
        metric_id,
        measure,
        bool_or(is_total_withheld) as is_total_withheld,
        bool_or(is_withheld) as has_withheld,
        sum(room_up) as all_up,
        sum(room_down) as all_down,
        min(need_up) filter (where is_withheld) as least_need_up,
        max(need_up + room_down) filter (where is_withheld) - sum(room_down) as left_need_up,
        max(need_down + room_up) filter (where is_withheld) - sum(room_up) as left_need_down
    from {{ below }}
    group by parent_code, metric_id, measure

),

areas as (

    select
        room.area_level,
        room.practice_code,
        room.area_code,
        room.parent_code,
        room.metric_id,
        room.measure,
        room.cell_count,
        room.need_count,
        room.shown_room_up,
        room.shown_room_down,
        room.is_withheld or coalesce(beneath.is_total_withheld, false) as is_withheld,
        -- a practice without lists of GPs is a count like theirs
        coalesce(beneath.has_withheld, false) as has_withheld_beneath,
        coalesce(beneath.all_up, room.withheld_room_up) as withheld_room_up,
        coalesce(beneath.all_down, greatest(0, room.withheld_room_down))
            as withheld_room_down,
        -- A withheld total moves along with one withheld count below it, or else with all of them.
        case
            when beneath.area_code is null then room.need_up
            when beneath.has_withheld then beneath.least_need_up
            else greatest(0, room.need_count - beneath.all_down)
        end as own_need_up,
        -- what the counts below still need from outside
        coalesce(beneath.left_need_up, 0) as left_need_up,
        coalesce(beneath.left_need_down, 0) as left_need_down
    from {{ ref('int_disclosure__room') }} as room
    left join beneath
        on
            room.area_code = beneath.area_code
            and room.metric_id = beneath.metric_id
            and room.measure = beneath.measure
    where room.area_level = '{{ area_level }}'

),

cells as (

    select
        areas.*,
        greatest(areas.own_need_up, areas.left_need_up) as need_up,
        greatest(areas.need_count - areas.own_need_up, areas.left_need_down) as need_down,
        areas.cell_count > 0
        and not areas.is_withheld
        and (
            areas.has_withheld_beneath
            or areas.withheld_room_up + areas.withheld_room_down >= areas.need_count
        ) as can_be_withheld,
        case
            when areas.is_withheld then areas.withheld_room_up
            else least(areas.shown_room_up, areas.withheld_room_up)
        end as room_up,
        case
            when areas.is_withheld then areas.withheld_room_down
            else least(areas.shown_room_down, areas.withheld_room_down)
        end as room_down,
        true as is_total_published,
        totals.is_withheld as is_total_withheld,
        totals.total_up,
        totals.total_down
    from areas
    inner join {{ ref('int_disclosure__slack') }} as totals
        on
            totals.area_level = '{{ level_above }}'
            and areas.parent_code = totals.area_code
            and areas.metric_id = totals.metric_id
            and areas.measure = totals.measure

),
{%- endmacro %}
