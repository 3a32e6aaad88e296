{% macro check_stored_values() -%}
{%- if execute -%}
{%- set columns = run_query(stored_columns()).rows -%}
{%- set found = [] -%}

{#- Without the seed nothing is allowed; the gateway run has it in memory, not among what it stores. -#}
{%- set allowed = {} -%}
{%- set seed = target.database ~ '.seeds.digits_allowed' -%}
{%- for _ in run_query(
    "select 1 from duckdb_tables() where database_name || '.' || schema_name || '.' || table_name = '"
    ~ seed ~ "'"
).rows -%}
    {%- for row in run_query('select relation, column_name, allowed from ' ~ seed).rows -%}
        {%- do allowed.update({row[0] ~ '.' ~ row[1]: row[2]}) -%}
    {%- endfor -%}
{%- endfor -%}

{%- for row in (run_query(columns_to_look_into(columns)).rows if columns else []) -%}
    {%- set column = columns[row[0]] -%}
    {%- set allowance = allowed.get(column[1:4] | join('.'), '') -%}
    {%- for shape in run_query(
        shapes_found(relation_of(column), quoted(column[3]), column[4], allowance)
    ).rows -%}
        {%- do found.append(stored_in(column) ~ ': ' ~ shape[0] ~ ', ' ~ shape[1] ~ ' rows') -%}
    {%- endfor -%}
{%- endfor -%}
{%- for shape in run_query(
    shapes_found('(' ~ stored_definitions() ~ ') as definitions', 'definition', 'VARCHAR', '')
).rows -%}
    {%- do found.append('names and definitions: ' ~ shape[0] ~ ', ' ~ shape[1] ~ ' of them') -%}
{%- endfor -%}
{%- for row in run_query(stored_views()).rows -%}
    {%- do found.append(row[0] ~ ': a stored view, which cannot be looked into') -%}
{%- endfor -%}

{#- The gateway run knows the numbers themselves; they are read again only where something could be one. -#}
{%- if target.name == 'gateway' -%}
    {%- set lengths = [] -%}
    {%- for row in run_query(
        "select distinct length(token) from (" ~ tokens_stored(columns, allowed) ~ ") as tokens"
    ).rows -%}
        {%- do lengths.append(row[0]) -%}
    {%- endfor -%}
    {%- if lengths -%}
        {%- set sources = run_query(landed_numbers()).rows -%}
        {%- for row in run_query(known_numbers_stored(columns, sources, lengths, allowed)).rows -%}
            {%- do found.append(row[0] ~ ': ' ~ row[1] ~ ' known numbers, encoded or plain') -%}
        {%- endfor -%}
    {%- endif -%}
{%- endif -%}

{%- if found -%}
select error('What is stored looks like a patient''s number. {{ found | join("; ") }}')
{%- endif -%}
{%- endif -%}
{%- endmacro %}
