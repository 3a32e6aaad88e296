-- Each count of the assurance marts with its room to move, as in int_disclosure__room.

with limits as (

    select
        area_level,
        {{ to_text('null') }} as practice_code,
        area_code,
        parent_code,
        metric_id,
        measure,
        false as is_list,
        false as is_changed_by_few,
        cell_count,
        cast(1 as bigint) as lowest_count,
        cast({{ unbounded() }} as bigint) as highest_count,
        lowest_count as lowest_shown_count,
        highest_count as highest_shown_count
    from {{ ref('int_assurance__counts') }}

),

{{ room_to_move('limits') }}
