{% macro is_unreadable_moment(column) -%}
(coalesce({{ trimmed(column) }}, '') <> '' and {{ to_moment(column) }} is null)
{%- endmacro %}
