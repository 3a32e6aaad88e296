{% macro changed_with_total(area_level, totals) -%}
select
    area_level,
    area_code,
    parent_code,
    metric_id,
    measure,
    -- fewer people who are eligible may mean fewer who meet the metric
    is_changed or (
        measure = 'numerator'
        and bool_or(is_changed and measure = 'denominator')
            over (partition by area_code, parent_code, metric_id)
    ) as is_changed_by_few
from (
    select
        parts.*,
        parts.is_changed_by_few
        or (parts.is_next and parts.cell_count > 0 and totals.is_changed_by_few) as is_changed
    from counted as parts
    inner join {{ totals }} as totals
        on
            parts.parent_code = totals.area_code
            and parts.metric_id = totals.metric_id
            and parts.measure = totals.measure
    where parts.area_level = '{{ area_level }}'
) as flagged
{%- endmacro %}
