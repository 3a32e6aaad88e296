{% macro zoned_moment(text) -%}
{#- The engine takes these abbreviations for other zones, or for none: it is given an offset only. -#}
{%- set rest = namespace(sql='substr(' ~ text ~ ', 17)') -%}
{%- for written, meant in [
    (' ', ''), (',', '.'), ('UTC', 'Z'), ('GMT', 'Z'), ('Z', '+00:00'), ('BST', '+01:00')
] -%}
{%- set rest.sql = 'replace(' ~ rest.sql ~ ", '" ~ written ~ "', '" ~ meant ~ "')" -%}
{%- endfor -%}
{%- set moment -%}
    left({{ text }}, 16)
    || case when substr({{ text }}, 17, 1) = ':' then '' else ':00' end
    || {{ rest.sql }}
{%- endset -%}
{{ try_to_instant(moment) }}
{%- endmacro %}
