{% macro changed_with_total(area_level, totals) -%}
select
    *,
    -- fewer people who are eligible may mean fewer who meet the metric
    is_changed_alone or (
        measure = 'numerator'
        and bool_or(is_changed_alone) over (partition by area_code, metric_id)
    ) as is_changed
from (
    select
        parts.*,
        parts.is_changed_by_few
        or (parts.is_next and parts.cell_count > 0 and totals.is_changed) as is_changed_alone
    from ordered as parts
    inner join {{ totals }} as totals
        on
            parts.parent_code = totals.area_code
            and parts.metric_id = totals.metric_id
            and parts.measure = totals.measure
    where parts.area_level = '{{ area_level }}'
) as flagged
{%- endmacro %}
