{% macro check_intake() -%}
{%- if execute -%}
{#- The gateway judges what came, the warehouse what became of it since the previous run. -#}
{%- set judge = 'int_intake__refusals' if target.name == 'gateway' else 'int_assurance__refusals' -%}
{%- for relation in run_query(
    "select database_name || '.' || schema_name || '.' || table_name from ("
    ~ "select database_name, schema_name, table_name from duckdb_tables() union all "
    ~ "select database_name, schema_name, view_name from duckdb_views()"
    ~ ") as relations where table_name = '" ~ judge ~ "'"
).rows -%}
    {%- for row in run_query(
        'select sentence from ' ~ relation[0] ~ ' order by rule_order, sentence limit 1'
    ).rows -%}
select error('{{ row[0] | replace("'", "''") }}')
    {%- endfor -%}
{%- endfor -%}
{%- endif -%}
{%- endmacro %}
