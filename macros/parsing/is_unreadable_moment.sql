{% macro is_unreadable_moment(column, moment=none) -%}
case when {{ moment or to_moment(column) }} is not null then false else coalesce({{ trimmed(column) }}, '') <> '' end
{%- endmacro %}
