{% macro to_nearest(count, step) -%}
cast({{ step }} * round({{ count }} / cast({{ step }} as double)) as integer)
{%- endmacro %}
