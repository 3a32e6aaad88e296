{% macro is_unreadable_moment(column, moment) -%}
case when {{ moment }} is not null then false else coalesce({{ trimmed(column) }}, '') <> '' end
{%- endmacro %}
