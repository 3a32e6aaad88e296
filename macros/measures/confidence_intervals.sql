{% macro confidence_intervals(results) -%}
    {%- set unit = results ~ '.unit' -%}
    {{ in_unit(results ~ '.lower_99_8', unit) }} as lower_99_8_ci,
    {{ in_unit(results ~ '.lower_95', unit) }} as lower_95_ci,
    {{ in_unit(results ~ '.upper_95', unit) }} as upper_95_ci,
    {{ in_unit(results ~ '.upper_99_8', unit) }} as upper_99_8_ci
{%- endmacro %}
