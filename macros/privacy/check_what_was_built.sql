{% macro check_what_was_built() -%}
{%- if execute and target.type == 'duckdb' -%}
{%- for row in run_query('select what_the_nets_find()').rows if row[0] -%}
select error('{{ row[0] | replace("'", "''") }}')
{%- endfor -%}
{%- endif -%}
{%- endmacro %}
