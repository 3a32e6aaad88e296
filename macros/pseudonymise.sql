{% macro pseudonymise(number) -%}
pseudonymise(lpad(cast({{ number }} as varchar), 10, '0'))
{%- endmacro %}
