{% macro spark_type(data_type) -%}
{#- Contracts and seeds name types as DuckDB does; the rest is called alike. -#}
{{- {
    'varchar': 'string',
    'timestamp with time zone': 'timestamp',
    'timestamptz': 'timestamp',
    'integer': 'int',
}.get(data_type | lower, data_type) -}}
{%- endmacro %}
