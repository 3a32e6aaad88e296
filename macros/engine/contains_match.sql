{% macro contains_match(text, pattern) -%}
regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}
