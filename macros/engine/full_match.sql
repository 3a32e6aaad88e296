{% macro full_match(text, pattern) -%}
{{ return(adapter.dispatch('full_match')(text, pattern)) }}
{%- endmacro %}

{% macro default__full_match(text, pattern) -%}
regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__full_match(text, pattern) -%}
regexp_like({{ text }}, {{ java_pattern('\\A(?:' ~ pattern ~ ')\\z') }})
{%- endmacro %}
