{% macro held_in_groups(area_level, totals) -%}
{%- set group = 'partition by cells.parent_code, cells.metric_id, cells.measure' -%}
{%- set before -%}
    {{ group }} order by
        cells.is_asking desc,
        -- first what costs nothing, then where rounding is least of the count
        cells.has_no_value desc,
        cells.cell_count desc,
        cells.area_code nulls last
    rows between unbounded preceding and 1 preceding
{%- endset -%}
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
    is_asking
    or (
        room_up + room_down > 0
        and (down_before < required_down or up_before < required_up)
    ) as is_held
from (
    select
        cells.*,
        {%- for way, other in [('up', 'down'), ('down', 'up')] %}
        coalesce(sum(cells.room_{{ way }}) over ({{ before }}), 0) as {{ way }}_before,
        greatest(
            -- who asks moves the one way as the others move the other
            least(
                coalesce(
                    max(case when cells.is_asking then cells.ask_{{ other }} + cells.room_{{ way }} end)
                        over ({{ group }}),
                    0
                ),
                sum(cells.room_{{ way }}) over ({{ group }})
            ),
            -- a total that has to move does so with those beneath it
            case
                when totals.is_withheld then sum(cells.room_{{ way }}) over ({{ group }})
                when totals.is_held then totals.room_{{ way }}
                else 0
            end
        ) as required_{{ way }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_disclosure__asks') }} as cells
    inner join {{ totals }} as totals
        on
            cells.parent_code = totals.area_code
            and cells.metric_id = totals.metric_id
            and cells.measure = totals.measure
    where cells.area_level = '{{ area_level }}'
) as together
{%- endmacro %}
