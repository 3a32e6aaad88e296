{% macro to_instant(value) -%}
{{ return(adapter.dispatch('to_instant')(value)) }}
{%- endmacro %}

{% macro default__to_instant(value) -%}
cast({{ value }} as timestamptz)
{%- endmacro %}

{% macro spark__to_instant(value) -%}
cast({{ value }} as timestamp)
{%- endmacro %}
