-- Last pass: the age bands of a CCG, against its total. The total is decided by now: it is taken
-- for known exactly, and does not give way.

with cells as (

    select
        *,
        case when is_withheld then withheld_room_up else shown_room_up end as room_up,
        case when is_withheld then withheld_room_down else shown_room_down end as room_down,
        true as is_total_published,
        false as is_total_withheld,
        cast(0 as bigint) as total_up,
        cast(0 as bigint) as total_down
    from {{ ref('int_disclosure__room') }}
    where area_level = 'band'

),

{{ withhold_further('cells') }}
