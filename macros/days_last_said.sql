{% macro days_last_said(details) -%}
{%- for detail in details %}
max(said_on) filter (where {{ detail }} is not null)
    over (partition by practice_code, nhs_number) as {{ detail }}_said_on
{{- ',' if not loop.last }}
{%- endfor %}
{%- endmacro %}
