{% macro years_before(day, years) -%}
{{ return(adapter.dispatch('years_before')(day, years)) }}
{%- endmacro %}

{% macro default__years_before(day, years) -%}
cast({{ day }} - interval ({{ years }}) year as date)
{%- endmacro %}

{% macro spark__years_before(day, years) -%}
add_months({{ day }}, -12 * ({{ years }}))
{%- endmacro %}
