{% macro said_last(details) -%}
{%- for detail in details %}
case when said_on = {{ detail }}_said_on then {{ detail }} end as {{ detail }}
{{- ',' if not loop.last }}
{%- endfor %}
{%- endmacro %}
