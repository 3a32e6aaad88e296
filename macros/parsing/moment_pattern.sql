{% macro moment_pattern(shape) -%}
{#- Years beyond these stand for "none" or "for ever". -#}
{%- set year = '(18[89][0-9]|19[0-9]{2}|20[0-5][0-9]|206[0-4])' -%}
{%- set time = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]{1,9})?)?' -%}
{%- set zone = ' ?(Z|UTC|GMT|BST|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)' -%}
{%- set iso = year ~ '-[0-9]{2}-[0-9]{2}' -%}
{{- {
    'day': iso,
    'local': iso ~ '([T ]' ~ time ~ ')?',
    'zoned': iso ~ '[T ]' ~ time ~ zone,
    'digits': year ~ '[0-9]{4}',
    'day_first': '[0-9]{2}/[0-9]{2}/' ~ year ~ '( ' ~ time ~ ')?',
}[shape] -}}
{%- endmacro %}
