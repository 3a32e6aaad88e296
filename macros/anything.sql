{% macro anything() -%}
1000000000
{%- endmacro %}
