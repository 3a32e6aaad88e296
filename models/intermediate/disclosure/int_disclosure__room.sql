-- Each count with its room: how far it can go up and down without anything published changing,
-- shown (the counts that round to the same) and withheld (anything from 1). A withheld count needs
-- the room of all small numbers, or of as many others, from the counts around it.

with limits as (

    select
        limits.area_level,
        limits.practice_code,
        limits.area_code,
        limits.parent_code,
        limits.metric_id,
        limits.measure,
        limits.is_list,
        changed.is_changed_by_few,
        limits.cell_count,
        limits.lowest_count,
        limits.highest_count,
        limits.lowest_shown_count,
        limits.highest_shown_count
    from {{ ref('int_disclosure__limits') }} as limits
    inner join {{ ref('int_disclosure__changed') }} as changed
        on
            limits.area_level = changed.area_level
            and limits.area_code = changed.area_code
            and limits.parent_code is not distinct from changed.parent_code
            and limits.metric_id = changed.metric_id
            and limits.measure = changed.measure

),

{{ room_to_move('limits') }}
