{% macro days_last_said(details) -%}
{%- for detail in details %}
max(case when {{ detail }} is not null then said_on end)
    over (partition by practice_code, nhs_number) as {{ detail }}_said_on
{{- ',' if not loop.last }}
{%- endfor %}
{%- endmacro %}
