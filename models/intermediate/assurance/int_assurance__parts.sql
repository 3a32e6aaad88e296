-- The parts against their total, in one pass: nothing is above it.

with cells as (

    select
        parts.*,
        case when parts.is_withheld then parts.withheld_room_up else parts.shown_room_up end
            as room_up,
        case when parts.is_withheld then parts.withheld_room_down else parts.shown_room_down end
            as room_down,
        parts.metric_id <> 'exclusions' as is_total_published,
        totals.is_withheld as is_total_withheld,
        case when totals.is_withheld then totals.withheld_room_up else totals.shown_room_up end
            as total_up,
        case when totals.is_withheld then totals.withheld_room_down else totals.shown_room_down end
            as total_down
    from {{ ref('int_assurance__room') }} as parts
    inner join {{ ref('int_assurance__room') }} as totals
        on
            totals.area_level = 'total'
            and parts.parent_code = totals.area_code
            and parts.metric_id = totals.metric_id
            and parts.measure = totals.measure
    where parts.area_level = 'part'

),

{{ withhold_further('cells') }}
