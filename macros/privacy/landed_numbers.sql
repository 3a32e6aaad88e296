{% macro landed_numbers() -%}
select
    table_name,
    column_name
from duckdb_columns()
where
    database_name = 'memory'
    and schema_name = 'landing'
    and (column_name like '%nhs%' or table_name in ('ndop_requests', 'ndop_replies'))
order by all
{%- endmacro %}
