{% macro is_unreadable_day(column) -%}
(coalesce(trim({{ column }}), '') <> '' and {{ to_plausible_day(column) }} is null)
{%- endmacro %}
