{% macro may_be_service(service, own) -%}
(coalesce({{ service }}, '') in ('', 'NULL') or {{ service }} like '%' || {{ own }} || '%')
{%- endmacro %}
