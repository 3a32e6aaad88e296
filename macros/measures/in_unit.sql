{#- A half, as of 23 in 80, goes up, also where a double holds a little less. -#}
{% macro in_unit(measure, unit) -%}
round(
    case {{ unit }} when 'percent' then 100e0 when 'per_1000' then 1000e0 end
    * {{ measure }} * rules.value_steps + 1e-9
) / rules.value_steps
{%- endmacro %}
