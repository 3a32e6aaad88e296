{% macro is_practice_code(column) -%}
{{ full_match(column, '[A-Z][0-9]{5}') }}
{%- endmacro %}
