{% macro ten_digits() -%}
[0-9](?:[^0-9\p{L}]*[0-9]){9}
{%- endmacro %}
