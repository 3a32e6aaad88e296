{% macro nhs_number_rule(number, spelling_rule, is_synthetic) -%}
coalesce({{ spelling_rule }}, case
    when {{ number }} is null then 'nhs_number_malformed'
    when not ({{ is_modulus_11(number) }}) then 'nhs_number_check_digit'
    when {{ number }} % 1111111111 = 0
        or {{ number }} = 2333455667
        or {{ number }} = {{ integer_divide(number, 1000000000) }} * 1000000001
        then 'nhs_number_never_issued'
    when ({{ number }} >= 9000000000) <> {{ is_synthetic }} then 'nhs_number_test_range'
    when {{ number }} between 100000000 and 3112999999 then 'nhs_number_scottish'
    when {{ number }} between 3200000000 and 3999999999 then 'nhs_number_northern_irish'
    when {{ number }} < 4000000000
        or {{ number }} between 5000000000 and 5999999999
        or {{ number }} between 8000000000 and 8999999999
        then 'nhs_number_range_not_in_use'
end)
{%- endmacro %}
