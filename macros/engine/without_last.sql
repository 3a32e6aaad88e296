{% macro without_last(text, character) -%}
{{ return(adapter.dispatch('without_last')(text, character)) }}
{%- endmacro %}

{% macro default__without_last(text, character) -%}
rtrim({{ text }}, '{{ character }}')
{%- endmacro %}

{% macro spark__without_last(text, character) -%}
{#- Spark's rtrim takes its arguments the other way round, without a word. -#}
trim(trailing '{{ character }}' from {{ text }})
{%- endmacro %}
