{% macro measures(counts, unit) -%}
    {%- set is_suppressed -%}
        ({{ counts }}.numerator_count is null or {{ counts }}.denominator_count is null)
    {%- endset -%}
    {%- set ratio -%}
        ({{ counts }}.numerator_count / nullif(cast({{ counts }}.denominator_count as double), 0))
    {%- endset -%}
    {{ counts }}.numerator_count,
    {{ counts }}.denominator_count,
    case when {{ unit }} = 'percent' then round(100 * {{ ratio }}, 1) end as percent,
    case when {{ unit }} = 'per_1000' then round(1000 * {{ ratio }}, 1) end as rate_per_1000,
    {{ is_suppressed }} as is_suppressed
{%- endmacro %}
