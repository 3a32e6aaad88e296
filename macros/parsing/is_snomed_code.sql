{% macro is_snomed_code(column) -%}
{#- A long one has a namespace; both kinds say before the check digit that they are a concept's. -#}
({{ full_match(column, '[1-9][0-9]{2,7}00[0-9]|[1-9][0-9]{7,14}10[0-9]') }}
and {{ is_verhoeff(column, 18) }})
{%- endmacro %}
