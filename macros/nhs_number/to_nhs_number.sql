{% macro to_nhs_number(column) -%}
try_cast(
    case
        when {{ full_match('trim(' ~ column ~ ')', '[0-9]{10}') }} then trim({{ column }})
        when {{ full_match('trim(' ~ column ~ ')', '[0-9]{3} [0-9]{3} [0-9]{4}') }}
            then replace(trim({{ column }}), ' ', '')
        when {{ full_match('trim(' ~ column ~ ')', '[0-9]{3}-[0-9]{3}-[0-9]{4}') }}
            then replace(trim({{ column }}), '-', '')
    end as bigint
)
{%- endmacro %}
