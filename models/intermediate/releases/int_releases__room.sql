-- Every count of releases with its room, as int_gp_report__room: the steps at which the people of
-- a release stand, how exactly its events are told, and who has objected since; and the totals of
-- them.

with parts as (

    select
        parent_code,
        part_code,
        metric_id,
        'people' as measure,
        cell_count
    from {{ ref('int_releases__counts') }}

),

{{ parts_and_totals('parts') }}

{{ room_to_move('limits') }}
