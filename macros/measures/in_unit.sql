{% macro in_unit(measure, unit) -%}
    round(case {{ unit }} when 'percent' then 100 when 'per_1000' then 1000 end * {{ measure }}, 1)
{%- endmacro %}
