{% macro stored_definitions() -%}
select
    definitions.database_name || '.' || definitions.kind as relation,
    definitions.definition
from (
    {%- for kind, definition in [
        ('schemas', "concat_ws(' ', schema_name, comment)"),
        ('tables', "concat_ws(' ', table_name, sql, comment)"),
        ('columns', "concat_ws(' ', column_name, data_type, column_default, comment)"),
        ('constraints', 'constraint_text'),
        ('views', "concat_ws(' ', view_name, sql, comment)"),
        ('indexes', "concat_ws(' ', index_name, sql, comment)"),
        ('sequences', "concat_ws(' ', sequence_name, start_value, last_value, comment)"),
        ('types', "concat_ws(' ', type_name, labels, comment)"),
        ('functions', "concat_ws(' ', function_name, macro_definition, comment)"),
    ] %}
    {% if not loop.first %}union all{% endif %}
    select database_name, '{{ kind }}' as kind, {{ definition }} as definition from duckdb_{{ kind }}()
    {%- endfor %}
) as definitions
inner join duckdb_databases() as databases using (database_name)
where databases.path is not null
{%- endmacro %}
