{% macro nhs_number_spelling_rule(column) -%}
case
    when coalesce(trim({{ column }}), '') = '' then 'nhs_number_missing'
    when length(trim({{ column }})) = 9
        and {{ full_match('trim(' ~ column ~ ')', '[0-9]{9}') }}
        and {{ is_modulus_11('try_cast(trim(' ~ column ~ ') as bigint)') }}
        then 'nhs_number_leading_zero_lost'
    when length(trim({{ column }})) > 10
        and {{ full_match('trim(' ~ column ~ ')', '[0-9]{9,10}[.]0+') }}
        then 'nhs_number_with_decimals'
    when {{ full_match('trim(' ~ column ~ ')', '[0-9]([.,][0-9]+)?[Ee][+]?[0-9]{1,3}') }}
        then 'nhs_number_in_exponent'
end
{%- endmacro %}
