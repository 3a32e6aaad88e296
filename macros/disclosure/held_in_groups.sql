{% macro held_in_groups(cells, totals) -%}
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
    area_code,
    parent_code,
    metric_id,
    measure,
    reason,
    shown_count,
    cell_count,
    feasible_up,
    feasible_down,
    is_asking
    or (
        feasible_up + feasible_down > 0
        and (down_before < required_down or up_before < required_up)
    ) as is_held
from (
    select
        cells.*,
        {%- for way, other in [('up', 'down'), ('down', 'up')] %}
        coalesce(sum(cells.feasible_{{ way }}) over ({{ before }}), 0) as {{ way }}_before,
        greatest(
            -- who asks moves the one way as the others move the other
            least(
                coalesce(
                    max(
                        case when cells.is_asking then cells.ask_{{ other }} + cells.feasible_{{ way }} end
                    ) over ({{ group }}),
                    0
                ),
                sum(cells.feasible_{{ way }}) over ({{ group }})
            ),
            -- a total that has to move does so with those beneath it
            case
                when totals.reason is not null then sum(cells.feasible_{{ way }}) over ({{ group }})
                when totals.is_held then totals.feasible_{{ way }}
                else 0
            end
        ) as required_{{ way }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ cells }} as cells
    inner join {{ totals }} as totals
        on
            cells.parent_code = totals.area_code
            and cells.metric_id = totals.metric_id
            and cells.measure = totals.measure
) as together
{%- endmacro %}
