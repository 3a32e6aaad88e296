{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
{%- set said = {} -%}
{%- if for_relation and config.persist_relation_docs() and model.description -%}
    {%- do said.update({relation.type ~ ' ' ~ relation: model.description}) -%}
{%- endif -%}
{%- if for_columns and config.persist_column_docs() -%}
    {%- for column in model.columns.values() -%}
        {%- do said.update({'column ' ~ relation ~ '.' ~ quoted(column.name): column.description}) -%}
    {%- endfor -%}
{%- endif -%}
{%- set comments = [] -%}
{%- for place, text in said.items() -%}
    {%- do comments.append('comment on ' ~ place ~ ' is $said$' ~ text ~ '$said$') -%}
{%- endfor -%}
{%- do run_query(comments | join(';\n')) if comments -%}
{%- endmacro %}
