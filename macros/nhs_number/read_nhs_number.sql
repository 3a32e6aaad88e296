{% macro read_nhs_number(column) -%}
{#- Groups of thousands; all ten digits and an exponent that moves the point behind the last one. -#}
{%- set exact = ['[0-9](?:[.,][0-9]{3}){3}'] -%}
{%- for before in range(1, 11) -%}
    {%- set after = 10 - before -%}
    {%- do exact.append(
        '[0-9]{' ~ before ~ '}'
        ~ ('[.,][0-9]{' ~ after ~ '}0*' if after else '(?:[.,]0*)?') ~ '[Ee][+]?0*' ~ after
    ) -%}
{%- endfor -%}
{%- set first = first_match(column, '(?:^|[^0-9])(' ~ ten_digits() ~ ')(?:[^0-9]|$)') -%}
{%- set last = first_match(column, '(?s)^(?:.*[^0-9])?(' ~ ten_digits() ~ ')(?:[^0-9].*)?$') -%}
{%- set of_all = without_matches(column, '[^0-9]') -%}
try_cast(
    case
        when {{ full_match(column, '[0-9]{10}') }} then {{ column }}
        when {{ full_match(column, '[^0-9\\p{L}]*(?:' ~ exact | join('|') ~ ')[^0-9\\p{L}]*') }}
            then left({{ of_all }}, 10)
        -- digits are lost, or zeros behind a point would have to pass for digits
        when {{ contains_match(column, '[0-9][Ee][+-]?[0-9]|[.,]0+[^0-9]*$') }} then null
        -- the same from the left and from the right, and no room for another between them
        when {{ without_matches(first, '[^0-9]') }} = {{ without_matches(last, '[^0-9]') }}
            and length({{ of_all }}) < 30
            then {{ without_matches(first, '[^0-9]') }}
    end as bigint
)
{%- endmacro %}
