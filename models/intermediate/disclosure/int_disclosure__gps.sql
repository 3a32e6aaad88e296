-- First pass: the GPs of a practice, against the practice's total.

with cells as (

    select
        room.*,
        case when room.is_withheld then room.withheld_room_up else room.shown_room_up end
            as room_up,
        case when room.is_withheld then room.withheld_room_down else room.shown_room_down end
            as room_down,
        true as is_total_published,
        totals.is_withheld as is_total_withheld,
        totals.total_up,
        totals.total_down
    from {{ ref('int_disclosure__room') }} as room
    inner join {{ ref('int_disclosure__slack') }} as totals
        on
            totals.area_level = 'practice'
            and room.parent_code = totals.area_code
            and room.metric_id = totals.metric_id
            and room.measure = totals.measure
    where room.area_level = 'gp'

),

{{ withhold_further('cells') }}
