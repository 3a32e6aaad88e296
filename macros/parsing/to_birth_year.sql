{% macro to_birth_year(column) -%}
{%- set birth_year = 'year(' ~ to_plausible_day(column, zoned=false) ~ ')' -%}
case when {{ birth_year }} between 1880 and 2064 then {{ birth_year }} end
{%- endmacro %}
