{% macro is_a_rounded_count(value) -%}
(
    {{ value }} between 100000000 and 999999900000
    and {{ value }} % 100000 = 0
    and not {{ is_modulus_11(value) }}
)
{%- endmacro %}
