{% macro is_small_number(value) -%}
{{ value }} <> 0
and coalesce(
    abs({{ value }}) between rules.small_number_from and rules.small_number_to
    or abs({{ value }}) % rules.rounding <> 0,
    true
)
{%- endmacro %}
