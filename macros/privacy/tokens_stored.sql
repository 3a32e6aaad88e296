{% macro tokens_stored(columns, allowed={}) -%}
{%- set pattern -%}
\b([0-9]{9,10}|[0-9A-Fa-f]{8,9}|[MNO][0-9A-Za-z]{13}|[0-9A-Fa-f]{20}|[0-9A-Za-z+/]{22}
{#- -#}
|[0-9A-Za-z+/]{27}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Za-z+/]{43}|[0-9A-Fa-f]{64})\b
{%- endset -%}
select '' as stored_in, '' as token where false
{%- for column in columns if kind_of_type(column[4]) in ['text', 'integer'] %}
{%- set value = quoted(column[3]) %}
{%- set told_apart = unless_allowed(value, allowed.get(column[1:4] | join('.'), '')) %}
union all
{% if kind_of_type(column[4]) == 'text' -%}
select distinct
    '{{ stored_in(column) }}' as stored_in,
    unnest(regexp_extract_all(cast({{ value }} as varchar), '{{ pattern }}')) as token
from {{ relation_of(column) }}
where
    regexp_matches(cast({{ value }} as varchar), '{{ pattern }}')
    {{ told_apart }}
{%- else -%}
select distinct
    '{{ stored_in(column) }}' as stored_in,
    cast({{ value }} as varchar) as token
from {{ relation_of(column) }}
where
    {{ value }} between 100000000 and 9999999999
    {{ told_apart }}
{%- endif -%}
{%- endfor %}
{%- endmacro %}
