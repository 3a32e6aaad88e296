{% macro to_nhs_number(column) -%}
try_cast(
    case
        when {{ full_match(trimmed(column), '[0-9]{10}') }} then {{ trimmed(column) }}
        when {{ full_match(trimmed(column), '[0-9]{3} [0-9]{3} [0-9]{4}') }}
            then replace({{ trimmed(column) }}, ' ', '')
        when {{ full_match(trimmed(column), '[0-9]{3}-[0-9]{3}-[0-9]{4}') }}
            then replace({{ trimmed(column) }}, '-', '')
    end as bigint
)
{%- endmacro %}
