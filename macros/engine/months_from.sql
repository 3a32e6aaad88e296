{% macro months_from(day, months) -%}
{{ return(adapter.dispatch('months_from')(day, months)) }}
{%- endmacro %}

{% macro default__months_from(day, months) -%}
cast({{ day }} + interval ({{ months }}) month as date)
{%- endmacro %}

{% macro spark__months_from(day, months) -%}
add_months({{ day }}, {{ months }})
{%- endmacro %}
