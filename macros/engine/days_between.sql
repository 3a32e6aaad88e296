{% macro days_between(first_date, last_date) -%}
{{ return(adapter.dispatch('days_between')(first_date, last_date)) }}
{%- endmacro %}

{% macro default__days_between(first_date, last_date) -%}
date_diff('day', {{ first_date }}, {{ last_date }})
{%- endmacro %}

{% macro spark__days_between(first_date, last_date) -%}
cast(datediff(day, {{ first_date }}, {{ last_date }}) as bigint)
{%- endmacro %}
