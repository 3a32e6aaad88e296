{% macro matched_part(text, pattern) -%}
{{ return(adapter.dispatch('matched_part')(text, pattern)) }}
{%- endmacro %}

{% macro default__matched_part(text, pattern) -%}
regexp_replace({{ text }}, '{{ pattern }}', '\1')
{%- endmacro %}

{% macro spark__matched_part(text, pattern) -%}
regexp_replace({{ text }}, {{ java_pattern(pattern) }}, '$1')
{%- endmacro %}
