{% macro own_code(area_code, parent_code) -%}
substr({{ area_code }}, length({{ parent_code }}) + 2)
{%- endmacro %}
