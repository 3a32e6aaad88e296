{% macro withhold_further(cells) -%}
{%- set group = 'partition by parent_code, metric_id, measure' -%}
together as (

    select
        *,
        withheld_room_up - room_up as more_up,
        withheld_room_down - room_down as more_down,
        sum(room_up) over ({{ group }}) as group_up,
        sum(room_down) over ({{ group }}) as group_down,
        -- A count goes up as the others go down: the group must have what it needs beside its own.
        coalesce(max(case when is_withheld then need_up + room_down end) over ({{ group }}), 0)
            as asked_down,
        coalesce(max(case when is_withheld then need_down + room_up end) over ({{ group }}), 0)
            as asked_up,
        bool_or(is_withheld) over ({{ group }}) as group_has_withheld,
        count(case when not is_withheld and cell_count > 0 then 1 end) over ({{ group }})
            as shown_cells
    from {{ cells }}

),

candidates as (

    select
        *,
        row_number() over (
            {{ group }}
            order by
                -- one that is enough by itself before those that are not; the smallest loss first
                greatest(asked_down, need_up + withheld_room_down)
                <= group_down + more_down + total_up
                and greatest(asked_up, need_down + withheld_room_up)
                <= group_up + more_up + total_down desc,
                cell_count nulls last,
                area_code nulls last
        ) as candidate_rank
    from together
    where can_be_withheld

),

tried as (

    select
        *,
        greatest(asked_down, max(need_up + withheld_room_down) over so_far)
        <= group_down + sum(more_down) over so_far + total_up
        and greatest(asked_up, max(need_down + withheld_room_up) over so_far)
        <= group_up + sum(more_up) over so_far + total_down as is_enough
    from candidates
    window so_far as ({{ group }} order by candidate_rank nulls last)

),

enough as (

    -- Not all of them: when nothing would be left to show, the total above gives way instead.
    select
        parent_code,
        metric_id,
        measure,
        min(candidate_rank) as further_cells
    from tried
    where is_enough and (candidate_rank < shown_cells or not is_total_published)
    group by parent_code, metric_id, measure

),

decided as (

    select
        together.*,
        together.asked_down > together.group_down + together.total_up
        or together.asked_up > together.group_up + together.total_down
        or (
            together.is_total_withheld
            and not together.group_has_withheld
            and together.group_up + together.group_down < together.need_count
        ) as is_open,
        enough.further_cells,
        candidates.candidate_rank
    from together
    left join enough
        on
            together.parent_code = enough.parent_code
            and together.metric_id = enough.metric_id
            and together.measure = enough.measure
    left join candidates
        on
            together.parent_code = candidates.parent_code
            and together.metric_id = candidates.metric_id
            and together.measure = candidates.measure
            and together.area_code = candidates.area_code

),

final as (

    select
        *,
        is_withheld or coalesce(is_open and candidate_rank <= further_cells, false)
            as is_withheld_now,
        is_open and further_cells is null as is_total_withheld_now
    from decided

)

select
    area_level,
    practice_code,
    area_code,
    parent_code,
    metric_id,
    measure,
    is_withheld_now as is_withheld,
    is_total_withheld_now as is_total_withheld,
    -- a level's rooms add up to those of the level above
    {%- for way in ['up', 'down'] %}
    cast(
        least(
            case when is_withheld_now then withheld_room_{{ way }} else room_{{ way }} end,
            {{ unbounded() }}
        ) as bigint
    ) as room_{{ way }},
    {%- endfor %}
    cast(need_up as bigint) as need_up,
    cast(need_down as bigint) as need_down
from final
order by measure, metric_id, parent_code, area_code
{%- endmacro %}
