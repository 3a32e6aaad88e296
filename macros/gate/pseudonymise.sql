{% macro pseudonymise(number) -%}
pseudonymise(lpad({{ to_text(number) }}, 10, '0'))
{%- endmacro %}
