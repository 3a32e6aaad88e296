{% macro without_marks(codes) -%}
upper(replace(replace({{ codes }}, '.', ''), ' ', ''))
{%- endmacro %}
