{% macro secondary_suppression(cells) -%}
{%- set group = 'partition by parent_code, metric_id, measure' -%}
with together as (

    select
        *,
        suppressed_up - room_up as more_up,
        suppressed_down - room_down as more_down,
        sum(room_up) over ({{ group }}) as group_up,
        sum(room_down) over ({{ group }}) as group_down,
        -- A count goes up as the others go down: the group must have what it needs beside its own.
        coalesce(
            max(case when is_suppressed then upper_protection + room_down end) over ({{ group }}),
            0
        ) as required_down,
        coalesce(
            max(case when is_suppressed then lower_protection + room_up end) over ({{ group }}),
            0
        ) as required_up,
        bool_or(is_suppressed) over ({{ group }}) as group_has_suppressed,
        count(case when not is_suppressed and cell_count > 0 then 1 end) over ({{ group }})
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
                greatest(required_down, upper_protection + suppressed_down)
                <= group_down + more_down + total_up
                and greatest(required_up, lower_protection + suppressed_up)
                <= group_up + more_up + total_down desc,
                cell_count nulls last,
                area_code nulls last
        ) as candidate_rank
    from together
    where can_be_secondary

),

tried as (

    select
        *,
        greatest(required_down, max(upper_protection + suppressed_down) over so_far)
        <= group_down + sum(more_down) over so_far + total_up
        and greatest(required_up, max(lower_protection + suppressed_up) over so_far)
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
        min(candidate_rank) as secondary_cells
    from tried
    where is_enough and (candidate_rank < shown_cells or not is_total_published)
    group by parent_code, metric_id, measure

),

decided as (

    select
        together.*,
        together.required_down > together.group_down + together.total_up
        or together.required_up > together.group_up + together.total_down
        or (
            together.is_total_suppressed
            and not together.group_has_suppressed
            and together.group_up + together.group_down < together.sliding_protection
        ) as is_open,
        enough.secondary_cells,
        candidates.candidate_rank
    from together
    left join enough
        on
            together.parent_code = enough.parent_code
            and together.metric_id = enough.metric_id
            and together.measure = enough.measure
    left join candidates
        on
            together.metric_id = candidates.metric_id
            and together.measure = candidates.measure
            and together.area_code = candidates.area_code

),

final as (

    select
        *,
        is_suppressed or coalesce(is_open and candidate_rank <= secondary_cells, false)
            as is_suppressed_now,
        is_open and secondary_cells is null as is_total_suppressed_now
    from decided

)

select
    area_level,
    area_code,
    parent_code,
    metric_id,
    measure,
    is_suppressed_now as is_suppressed,
    is_total_suppressed_now as is_total_suppressed,
    -- a level's rooms add up to those of the level above
    {%- for way in ['up', 'down'] %}
    least(
        case when is_suppressed_now then suppressed_{{ way }} else room_{{ way }} end,
        {{ unbounded() }}
    ) as feasible_{{ way }},
    {%- endfor %}
    upper_protection,
    lower_protection
from final
{%- endmacro %}
