{% macro integer_divide(dividend, divisor) -%}
{{ return(adapter.dispatch('integer_divide')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__integer_divide(dividend, divisor) -%}
divide({{ dividend }}, {{ divisor }})
{%- endmacro %}

{% macro spark__integer_divide(dividend, divisor) -%}
(({{ dividend }}) div ({{ divisor }}))
{%- endmacro %}
