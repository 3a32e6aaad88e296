-- Which counts must be told as they are shown, rounded, because others hide behind the room that
-- this leaves: from England down, so that a count that has to be able to move finds that room in
-- those beneath it. All others may be told exactly.

with england as (

    select
        area_level,
        practice_code,
        area_code,
        parent_code,
        metric_id,
        measure,
        cell_count,
        has_no_value,
        is_withheld,
        is_asking,
        room_up,
        room_down,
        ask_up,
        ask_down,
        is_asking as is_held
    from {{ ref('int_disclosure__asks') }}
    where area_level = 'england'

),

ccgs as (

    {{ held_in_groups('ccg', 'england') }}

),

practices as (

    {{ held_in_groups('practice', 'ccgs') }}

),

gps as (

    {{ held_in_groups('gp', 'practices') }}

),

bands as (

    {{ held_in_groups('band', 'ccgs') }}

),

held as (

    select * from england
    union all
    select * from ccgs
    union all
    select * from practices
    union all
    select * from gps
    union all
    select * from bands

)

select
    area_level,
    practice_code,
    area_code,
    metric_id,
    measure,
    is_held
from held
order by measure, metric_id, area_level, practice_code, area_code
