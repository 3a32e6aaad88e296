{% macro totals_of_level(room, area_level, below, level_above) -%}
with beneath as (

    select
        parent_code as area_code,
        metric_id,
        measure,
        bool_or(is_total_suppressed) as is_total_suppressed,
        bool_or(is_suppressed) as has_suppressed,
        sum(feasible_up) as all_up,
        sum(feasible_down) as all_down,
        min(upper_protection) filter (where is_suppressed) as least_upper,
        max(upper_protection + feasible_down) filter (where is_suppressed) - sum(feasible_down)
            as left_upper,
        max(lower_protection + feasible_up) filter (where is_suppressed) - sum(feasible_up)
            as left_lower
    from {{ below }}
    group by parent_code, metric_id, measure

),

areas as (

    select
        room.area_level,
        room.area_code,
        room.parent_code,
        room.metric_id,
        room.measure,
        room.cell_count,
        room.sliding_protection,
        room.shown_up,
        room.shown_down,
        room.is_primary or beneath.is_total_suppressed as is_suppressed,
        beneath.has_suppressed,
        beneath.all_up as suppressed_up,
        beneath.all_down as suppressed_down,
        -- A suppressed total moves along with one suppressed count below it, or else with all.
        case
            when beneath.has_suppressed then beneath.least_upper
            else greatest(0, room.sliding_protection - beneath.all_down)
        end as own_upper,
        -- what the counts below still need from outside
        coalesce(beneath.left_upper, 0) as left_upper,
        coalesce(beneath.left_lower, 0) as left_lower
    from {{ room }} as room
    inner join beneath
        on
            room.area_code = beneath.area_code
            and room.metric_id = beneath.metric_id
            and room.measure = beneath.measure
    where room.area_level = '{{ area_level }}'

)

select
    areas.*,
    greatest(areas.own_upper, areas.left_upper) as upper_protection,
    greatest(areas.sliding_protection - areas.own_upper, areas.left_lower) as lower_protection,
    areas.cell_count > 0
    and not areas.is_suppressed
    and (
        areas.has_suppressed
        or areas.suppressed_up + areas.suppressed_down >= areas.sliding_protection
    ) as can_be_secondary,
    case
        when areas.is_suppressed then areas.suppressed_up
        else least(areas.shown_up, areas.suppressed_up)
    end as room_up,
    case
        when areas.is_suppressed then areas.suppressed_down
        else least(areas.shown_down, areas.suppressed_down)
    end as room_down,
    true as is_total_published,
    totals.is_primary as is_total_suppressed,
    totals.total_up,
    totals.total_down
from areas
inner join slack as totals
    on
        totals.area_level = '{{ level_above }}'
        and areas.parent_code = totals.area_code
        and areas.metric_id = totals.metric_id
        and areas.measure = totals.measure
{%- endmacro %}
