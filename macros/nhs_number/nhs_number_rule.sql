{% macro nhs_number_rule(number, is_given, is_synthetic) -%}
case
    when not {{ is_given }} then 'nhs_number_missing'
    when {{ number }} is null then 'nhs_number_malformed'
    when not ({{ is_modulus_11(number) }}) then 'nhs_number_check_digit'
    when {{ number }} % 1111111111 = 0
        or {{ number }} = 2333455667
        or {{ number }} = {{ integer_divide(number, 1000000000) }} * 1000000001
        then 'nhs_number_never_issued'
    when ({{ number }} >= 9000000000) <> {{ is_synthetic }} then 'nhs_number_test_range'
end
{%- endmacro %}
