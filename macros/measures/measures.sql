{% macro measures(counts, unit) -%}
    {%- set is_suppressed -%}
        ({{ counts }}.numerator_count is null or {{ counts }}.denominator_count is null)
    {%- endset -%}
    {%- set value = in_unit(told_value(counts), unit) -%}
    {{ counts }}.numerator_count,
    {{ counts }}.denominator_count,
    case when {{ unit }} = 'percent' then {{ value }} end as percent,
    case when {{ unit }} = 'per_1000' then {{ value }} end as rate_per_1000,
    {{ is_suppressed }} as is_suppressed,
    {{ counts }}.is_exact
{%- endmacro %}
