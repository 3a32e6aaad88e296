{% macro placeholder_days() -%}
{#- The first days of Excel, of SQL Server and of Unix. -#}
date '1899-12-30', date '1899-12-31', date '1900-01-01', date '1970-01-01'
{%- endmacro %}
