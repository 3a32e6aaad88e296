{% macro years_before(day, years) -%}
cast({{ day }} - interval ({{ years }}) year as date)
{%- endmacro %}
