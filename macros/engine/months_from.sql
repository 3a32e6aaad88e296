{% macro months_from(day, months) -%}
cast({{ day }} + interval ({{ months }}) month as date)
{%- endmacro %}
