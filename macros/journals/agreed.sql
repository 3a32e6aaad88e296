{% macro agreed(details) -%}
{%- for detail in details %}
case when min({{ detail }}) = max({{ detail }}) then min({{ detail }}) end as {{ detail }},
case when min({{ detail }}) <> max({{ detail }}) then '{{ detail }}_in_conflict' end
    as {{ detail }}_rule
{{- ',' if not loop.last }}
{%- endfor %}
{%- endmacro %}
