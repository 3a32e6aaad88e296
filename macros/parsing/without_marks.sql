{% macro without_marks(codes) -%}
{%- set codes_left = namespace(sql=codes) -%}
{%- for mark in ['.', ' ', '-', '&', '*', '+', '†', '‡'] -%}
{%- set codes_left.sql = 'replace(' ~ codes_left.sql ~ ", '" ~ mark ~ "', '')" -%}
{%- endfor -%}
upper({{ codes_left.sql }})
{%- endmacro %}
