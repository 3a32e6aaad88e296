-- How far each count has to be able to move for nothing to be learnt of it: a withheld one as far
-- as it needs, a guarded one as far as rounding lets it; and a total as far as the counts beneath
-- it still ask, when all of them have given what they have.

with counts as (

    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        room_up,
        room_down,
        need_up,
        need_down
    from {{ ref('int_disclosure__gps') }}
    union all
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        room_up,
        room_down,
        need_up,
        need_down
    from {{ ref('int_disclosure__practices') }}
    union all
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        room_up,
        room_down,
        need_up,
        need_down
    from {{ ref('int_disclosure__ccgs') }}
    union all
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        room_up,
        room_down,
        need_up,
        need_down
    from {{ ref('int_disclosure__bands') }}
    union all
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        shown_room_up as room_up,
        shown_room_down as room_down,
        need_up,
        need_down
    from {{ ref('int_disclosure__room') }}
    where area_level = 'england'

),

own as (

    select
        counts.*,
        room.practice_code,
        room.cell_count,
        withheld.reason is not null as is_withheld,
        bool_or(withheld.reason is not null) over (
            partition by
                room.area_level, room.practice_code, room.area_code, room.metric_id
        ) as has_no_value,
        withheld.reason is not null or guarded.is_guarded as is_own,
        case
            when withheld.reason is not null then counts.need_up
            when guarded.is_guarded then counts.room_up
            else 0
        end as own_up,
        case
            when withheld.reason is not null then counts.need_down
            when guarded.is_guarded then counts.room_down
            else 0
        end as own_down
    from counts
    inner join {{ ref('int_disclosure__room') }} as room
        on
            counts.area_level = room.area_level
            and counts.area_code = room.area_code
            and counts.parent_code is not distinct from room.parent_code
            and counts.metric_id = room.metric_id
            and counts.measure = room.measure
    inner join {{ ref('int_disclosure__withheld') }} as withheld
        on
            counts.area_level = withheld.area_level
            and counts.area_code = withheld.area_code
            and counts.parent_code is not distinct from withheld.parent_code
            and counts.metric_id = withheld.metric_id
            and counts.measure = withheld.measure
    inner join {{ ref('int_disclosure__guarded') }} as guarded
        on
            room.area_level = guarded.area_level
            and room.practice_code is not distinct from guarded.practice_code
            and room.area_code = guarded.area_code
            and room.metric_id = guarded.metric_id
            and room.measure = guarded.measure

),

lowest as (

    select
        *,
        own_up as ask_up,
        own_down as ask_down,
        is_own as is_asking
    from own
    where area_level in ('gp', 'band')

),

gps as (

    select * from lowest
    where area_level = 'gp'

),

practices as (

    {{ asked_of_totals('practice', 'gps') }}

),

ccgs as (

    {{ asked_of_totals('ccg', 'practices') }}

),

england as (

    {{ asked_of_totals('england', 'ccgs') }}

),

asks as (

    select * from lowest
    union all
    select * from practices
    union all
    select * from ccgs
    union all
    select * from england

)

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
    cast(room_up as bigint) as room_up,
    cast(room_down as bigint) as room_down,
    cast(ask_up as bigint) as ask_up,
    cast(ask_down as bigint) as ask_down
from asks
order by measure, metric_id, area_level, parent_code, area_code
