{% macro first_match(text, pattern) -%}
{{ return(adapter.dispatch('first_match')(text, pattern)) }}
{%- endmacro %}

{% macro default__first_match(text, pattern) -%}
regexp_extract({{ text }}, '{{ pattern }}', 1)
{%- endmacro %}

{% macro spark__first_match(text, pattern) -%}
regexp_extract({{ text }}, {{ java_pattern(pattern) }}, 1)
{%- endmacro %}
