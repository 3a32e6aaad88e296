{% macro asked_of_totals(area_level, below) -%}
select
    own.*,
    greatest(own.own_up, least(coalesce(beneath.left_up, 0), own.feasible_up)) as ask_up,
    greatest(own.own_down, least(coalesce(beneath.left_down, 0), own.feasible_down)) as ask_down,
    own.is_own or coalesce(beneath.left_up + beneath.left_down > 0, false) as is_asking
from own
left join (
    select
        parent_code,
        metric_id,
        measure,
        greatest(
            0, max(ask_up + feasible_down) filter (where is_asking) - sum(feasible_down)
        ) as left_up,
        greatest(
            0, max(ask_down + feasible_up) filter (where is_asking) - sum(feasible_up)
        ) as left_down
    from {{ below }}
    group by parent_code, metric_id, measure
) as beneath
    on
        own.area_code = beneath.parent_code
        and own.metric_id = beneath.metric_id
        and own.measure = beneath.measure
where own.area_level = '{{ area_level }}'
{%- endmacro %}
