{% macro disclosure_control(count) -%}
case
    when {{ count }} between 1 and 7 then null
    else cast(5 * round({{ count }} / 5.0) as integer)
end
{%- endmacro %}
