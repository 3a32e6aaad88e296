{% macro to_measured_value(column) -%}
case
    when {{ full_match(trimmed(column), '-?[0-9]{1,5}([.][0-9]{1,3})?') }}
        then try_cast({{ trimmed(column) }} as double)
end
{%- endmacro %}
