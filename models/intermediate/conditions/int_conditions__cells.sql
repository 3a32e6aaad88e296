-- Patients by condition, and admissions, as they may be shown: 0, to the nearest 5, or not at all.

with judged as (

    select
        room.*,
        -- where nobody was admitted for any condition, nobody was for one
        coalesce(room.shown_any_count, 1) > 0
        and case room.counted
            when 'admissions' then decided.is_admissions_closed
            else
                room.condition_rank <= decided.closed_conditions
                and not (decided.is_any_alone and room.shown_any_count is not null)
        end as is_suppressed
    from {{ ref('int_conditions__room') }} as room
    inner join {{ ref('int_conditions__decided') }} as decided
        on room.area_level = decided.area_level and room.parent_code = decided.parent_code

)

select
    judged.area_level,
    judged.area_code,
    judged.condition,
    judged.counted,
    case
        when not judged.is_suppressed
            then {{ to_nearest('judged.cell_count', 'rules.rounding') }}
    end as shown_count,
    case
        when judged.is_suppressed and judged.any_reason = 'changed_by_few' then 'changed_by_few'
        when judged.is_suppressed then 'small_numbers'
    end as suppression_reason
from judged
cross join {{ ref('int_disclosure__rules') }} as rules
order by 1, 2, 3, 4
