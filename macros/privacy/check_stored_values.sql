{% macro check_stored_values() -%}
{%- if execute -%}
{%- set columns = run_query(stored_columns()).rows -%}
{%- set found = [] -%}

{#- Without a seed nothing is allowed by it: some runs load a part of them. -#}
{%- set seeded = {} -%}
{%- for row in run_query(
    "select table_name, column_name from duckdb_columns() where schema_name = 'seeds' and database_name = 'marts'"
).rows -%}
    {%- do seeded.update({'seeds.' ~ row[0] ~ '.' ~ row[1]: 'values of ' ~ row[0] ~ '.' ~ row[1]}) -%}
{%- endfor -%}
{%- set allowed = {} -%}
{%- if 'seeds.digits_allowed.allowed' in seeded -%}
    {%- for row in run_query('select relation, column_name, allowed from ' ~ seed_named('digits_allowed')).rows -%}
        {%- do allowed.update({row[0] ~ '.' ~ row[1]: row[2]})
            if not row[2].startswith('values of ') or row[2] in seeded.values() -%}
    {%- endfor -%}
{%- endif -%}

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

{#- The gateway run knows the numbers themselves; they are looked up only where something could be one. Seeds are
    the project's text. -#}
{%- if target.name == 'gateway' -%}
    {%- do allowed.update(seeded) -%}
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
select error('What is stored looks like a patient''s number. {{ found | join("; ") }}. Mend the model, or say in seeds/digits_allowed.csv what the digits are')
{%- endif -%}
{%- endif -%}
{%- endmacro %}
