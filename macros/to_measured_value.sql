{% macro to_measured_value(column) -%}
case
    when {{ full_match('trim(' ~ column ~ ')', '-?[0-9]{1,5}([.][0-9]{1,3})?') }}
        then try_cast(trim({{ column }}) as double)
end
{%- endmacro %}
