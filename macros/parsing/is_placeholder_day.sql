{#- The first day of Excel, of SQL Server or of Unix stands for none. -#}
{% macro is_placeholder_day(column) -%}
{{ full_match(trimmed(column), '(1899-?12-?3[01]|1900-?01-?01|1970-?01-?01)([T ].*)?') }}
{%- endmacro %}
