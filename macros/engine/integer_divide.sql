{% macro integer_divide(dividend, divisor) -%}
divide({{ dividend }}, {{ divisor }})
{%- endmacro %}
