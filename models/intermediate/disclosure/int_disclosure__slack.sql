-- What the world around a group may give when its counts move: how far the group's total can go up
-- and down while small numbers alone are withheld. Withholding more can only add to it, so what is
-- decided with these numbers, level by level, stays safe.

with gps as (

    select
        area_level,
        parent_code,
        metric_id,
        measure,
        case when is_withheld then withheld_room_up else shown_room_up end as room_up,
        case when is_withheld then withheld_room_down else shown_room_down end as room_down
    from {{ ref('int_disclosure__room') }}
    where area_level = 'gp'

),

practices as (

    {{ totals_room('practice', 'gps') }}

),

ccgs as (

    {{ totals_room('ccg', 'practices') }}

),

england as (

    {{ totals_room('england', 'ccgs') }}

),

england_slack as (

    select
        *,
        own_up as total_up,
        own_down as total_down
    from england

),

ccgs_slack as (

    {{ totals_slack('ccgs', 'england_slack') }}

),

practices_slack as (

    {{ totals_slack('practices', 'ccgs_slack') }}

),

slack as (

    select * from england_slack
    union all
    select * from ccgs_slack
    union all
    select * from practices_slack

)

select
    area_level,
    area_code,
    metric_id,
    measure,
    is_withheld,
    cast(total_up as bigint) as total_up,
    cast(total_down as bigint) as total_down
from slack
order by measure, metric_id, area_level, area_code
