{% macro to_text(value) -%}
{{ return(adapter.dispatch('to_text')(value)) }}
{%- endmacro %}

{% macro default__to_text(value) -%}
cast({{ value }} as varchar)
{%- endmacro %}

{% macro spark__to_text(value) -%}
cast({{ value }} as string)
{%- endmacro %}
