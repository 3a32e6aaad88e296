{% macro unbounded() -%}
99999999
{%- endmacro %}
