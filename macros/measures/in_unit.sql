{% macro in_unit(measure, unit) -%}
round(
    case {{ unit }} when 'percent' then 100e0 when 'per_1000' then 1000e0 end
    * {{ measure }} * rules.value_steps
) / rules.value_steps
{%- endmacro %}
