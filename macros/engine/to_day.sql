{% macro to_day(digits) -%}
cast(try_strptime({{ digits }}, '%Y%m%d') as date)
{%- endmacro %}
