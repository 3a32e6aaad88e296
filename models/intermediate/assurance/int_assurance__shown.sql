-- The assurance marts' counts as they may be shown: 0, to the nearest 5, or withheld.

with decided as (

    select
        'part' as area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_withheld
    from {{ ref('int_assurance__parts') }}
    union all
    select
        'total' as area_level,
        parent_code as area_code,
        null as parent_code,
        metric_id,
        measure,
        bool_or(is_total_withheld) as is_withheld
    from {{ ref('int_assurance__parts') }}
    group by parent_code, metric_id, measure

)

select
    room.area_level,
    room.parent_code,
    room.area_code,
    room.metric_id,
    room.measure,
    room.is_withheld or decided.is_withheld as is_withheld,
    case
        when not (room.is_withheld or decided.is_withheld)
            then {{ to_nearest('room.cell_count', 'rules.rounding') }}
    end as shown_count
from {{ ref('int_assurance__room') }} as room
cross join {{ ref('int_disclosure__rules') }} as rules
inner join decided
    on
        room.area_level = decided.area_level
        and room.area_code = decided.area_code
        and room.parent_code is not distinct from decided.parent_code
        and room.metric_id = decided.metric_id
        and room.measure = decided.measure
order by room.area_level, room.measure, room.metric_id, room.parent_code, room.area_code
