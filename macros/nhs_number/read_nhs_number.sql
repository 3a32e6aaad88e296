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
{%- set first -%}
    regexp_extract({{ column }}, '(?:^|[^0-9])({{ ten_digits() }})(?:[^0-9]|$)', 1)
{%- endset -%}
{%- set last -%}
    regexp_extract(
        {{ column }}, '(?s)^(?:.*[^0-9])?({{ ten_digits() }})(?:[^0-9].*)?$', 1
    )
{%- endset -%}
{%- set of_all = "regexp_replace(" ~ column ~ ", '[^0-9]', '', 'g')" -%}
try_cast(
    case
        when {{ full_match(column, '[0-9]{10}') }} then {{ column }}
        when {{ full_match(column, '[^0-9\\p{L}]*(?:' ~ exact | join('|') ~ ')[^0-9\\p{L}]*') }}
            then left({{ of_all }}, 10)
        -- digits are lost, or zeros behind a point would have to pass for digits
        when {{ contains_match(column, '[0-9][Ee][+-]?[0-9]|[.,]0+[^0-9]*$') }} then null
        -- the same from the left and from the right, and no room for another between them
        when regexp_replace({{ first }}, '[^0-9]', '', 'g')
            = regexp_replace({{ last }}, '[^0-9]', '', 'g')
            and length({{ of_all }}) < 30
            then regexp_replace({{ first }}, '[^0-9]', '', 'g')
    end as bigint
)
{%- endmacro %}
