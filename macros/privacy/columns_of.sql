{% macro columns_of(relation, allowed=none) -%}
{%- set columns -%}
select
    columns.column_name,
    columns.data_type,
    {{ 'digits.allowed' if allowed else 'cast(null as varchar)' }} as allowed
from duckdb_columns() as columns
{%- if allowed %}
left join {{ allowed }} as digits
    on
        digits.relation = columns.schema_name || '.' || columns.table_name
        and columns.column_name = digits.column_name
{%- endif %}
where
    columns.database_name = '{{ relation.database }}'
    and columns.schema_name = '{{ relation.schema }}'
    and columns.table_name = '{{ relation.identifier }}'
order by columns.column_index
{%- endset -%}
{{ return(run_query(columns).rows if execute and flags.INTROSPECT else []) }}
{%- endmacro %}
