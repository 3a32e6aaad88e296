{% macro stored_in(column) -%}
{%- set name = column[1:4] | join('.') -%}
{%- set digits = name | select('in', '0123456789') | list -%}
{{ '(a name with digits)' if digits | length > 5 else name | replace("'", '') }}
{%- endmacro %}
