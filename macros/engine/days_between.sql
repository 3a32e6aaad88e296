{% macro days_between(first_date, last_date) -%}
date_diff('day', {{ first_date }}, {{ last_date }})
{%- endmacro %}
