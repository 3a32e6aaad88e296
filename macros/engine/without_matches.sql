{% macro without_matches(text, pattern) -%}
{{ return(adapter.dispatch('without_matches')(text, pattern)) }}
{%- endmacro %}

{% macro default__without_matches(text, pattern) -%}
regexp_replace({{ text }}, '{{ pattern }}', '', 'g')
{%- endmacro %}

{% macro spark__without_matches(text, pattern) -%}
regexp_replace({{ text }}, {{ java_pattern(pattern) }}, '')
{%- endmacro %}
