{% macro contains_match(text, pattern) -%}
{{ return(adapter.dispatch('contains_match')(text, pattern)) }}
{%- endmacro %}

{% macro default__contains_match(text, pattern) -%}
regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__contains_match(text, pattern) -%}
regexp_like({{ text }}, {{ java_pattern(pattern) }})
{%- endmacro %}
