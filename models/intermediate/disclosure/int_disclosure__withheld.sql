-- Each count, what may be shown of it, and where that is nothing, why.

with england as (

    select
        parent_code as area_code,
        metric_id,
        measure,
        bool_or(is_total_withheld) as is_withheld
    from {{ ref('int_disclosure__ccgs') }}
    group by parent_code, metric_id, measure

),

decided as (

    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_withheld
    from {{ ref('int_disclosure__gps') }}
    union all
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_withheld
    from {{ ref('int_disclosure__practices') }}
    union all
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_withheld
    from {{ ref('int_disclosure__ccgs') }}
    union all
    select
        'england' as area_level,
        area_code,
        null as parent_code,
        metric_id,
        measure,
        is_withheld
    from england

)

select
    room.area_level,
    room.practice_code,
    room.area_code,
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
from {{ ref('int_disclosure__room') }} as room
cross join {{ ref('int_disclosure__rules') }} as rules
inner join decided
    on
        room.area_level = decided.area_level
        and room.area_code = decided.area_code
        and room.parent_code is not distinct from decided.parent_code
        and room.metric_id = decided.metric_id
        and room.measure = decided.measure
order by room.area_level, room.practice_code, room.area_code, room.metric_id, room.measure
