{% macro nhs_number_spelling_rule(column, number) -%}
{#- The inner case is a step that the net by lineage knows to the letter. -#}
case when {{ number }} is null then case
    when coalesce({{ trimmed(column) }}, '') = '' then 'nhs_number_missing'
    when length({{ trimmed(column) }}) = 9
        and {{ full_match(trimmed(column), '[0-9]{9}') }}
        and {{ is_modulus_11('try_cast(' ~ trimmed(column) ~ ' as bigint)') }}
        then 'nhs_number_leading_zero_lost'
    when length({{ trimmed(column) }}) > 10
        and {{ full_match(trimmed(column), '[0-9]{9,10}[.]0+') }}
        then 'nhs_number_with_decimals'
    when {{ full_match(trimmed(column), '[0-9]([.,][0-9]+)?[Ee][+]?[0-9]{1,3}') }}
        then 'nhs_number_in_exponent'
end end
{%- endmacro %}
