{% macro is_modulus_11(number) -%}
(
    {{ number }}
    {%- for weight in [3, 5, 7, 9, 0, 2, 4, 6, 8] %}
    {%- if weight %}
    + {{ weight }} * ({{ integer_divide(number, 10 ** loop.index) }})
    {%- endif %}
    {%- endfor %}
) % 11 = 0
{%- endmacro %}
