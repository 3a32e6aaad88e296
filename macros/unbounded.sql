{% macro unbounded() -%}
100000000
{%- endmacro %}
