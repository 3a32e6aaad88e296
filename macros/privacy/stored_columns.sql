{% macro stored_columns() -%}
select
    columns.database_name,
    columns.schema_name,
    columns.table_name,
    columns.column_name,
    columns.data_type
from duckdb_columns() as columns
inner join duckdb_databases() as databases using (database_name)
where
    databases.path is not null
    and not columns.internal
    and exists (
        select 1
        from duckdb_tables() as tables
        where
            tables.database_name = columns.database_name
            and tables.schema_name = columns.schema_name
            and tables.table_name = columns.table_name
    )
order by all
{%- endmacro %}
