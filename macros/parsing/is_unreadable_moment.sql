{% macro is_unreadable_moment(column) -%}
(coalesce(trim({{ column }}), '') <> '' and {{ to_moment(column) }} is null)
{%- endmacro %}
