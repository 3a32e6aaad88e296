{% macro kind_of_type(data_type) -%}
{%- set name = data_type.split('(')[0] -%}
{%- if data_type.endswith(']') or name in [
    'VARCHAR', 'JSON', 'ENUM', 'INTERVAL', 'BIGNUM', 'STRUCT', 'MAP', 'UNION'
] -%}
text
{%- elif name == 'BOOLEAN' -%}
boolean
{%- elif name in [
    'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT',
    'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'UHUGEINT'
] -%}
integer
{%- elif name in ['DECIMAL', 'FLOAT', 'DOUBLE'] -%}
fraction
{%- elif name == 'DATE' -%}
day
{%- elif name in [
    'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'TIMESTAMP WITH TIME ZONE'
] -%}
moment
{%- elif name in ['TIME', 'TIME_NS', 'TIME WITH TIME ZONE'] -%}
time
{%- else -%}
hidden
{%- endif -%}
{%- endmacro %}
