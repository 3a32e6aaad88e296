{% macro anything() -%}
100000000
{%- endmacro %}
