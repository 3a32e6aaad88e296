{% macro stored_views() -%}
select
    views.database_name || '.' || views.schema_name as stored_in,
    count(*) as view_count
from duckdb_views() as views
inner join duckdb_databases() as databases using (database_name)
where
    databases.path is not null
    and not views.internal
group by stored_in
order by stored_in
{%- endmacro %}
