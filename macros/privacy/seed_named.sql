{#- The net by value asks for seeds outside dbt too, in a store that is opened under another name. -#}
{% macro seed_named(seed) -%}
{{ 'marts.' if target is defined }}seeds.{{ seed }}
{%- endmacro %}
