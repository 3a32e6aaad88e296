{% macro relation_of(column) -%}
{{ quoted(column[0]) }}.{{ quoted(column[1]) }}.{{ quoted(column[2]) }}
{%- endmacro %}
