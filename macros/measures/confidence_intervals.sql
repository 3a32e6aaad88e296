{% macro confidence_intervals(intervals, unit) -%}
    {{ in_unit(intervals ~ '.lower_99_8', unit) }} as lower_99_8_ci,
    {{ in_unit(intervals ~ '.lower_95', unit) }} as lower_95_ci,
    {{ in_unit(intervals ~ '.upper_95', unit) }} as upper_95_ci,
    {{ in_unit(intervals ~ '.upper_99_8', unit) }} as upper_99_8_ci
{%- endmacro %}
