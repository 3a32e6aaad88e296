{% macro collects_journals() -%}
'{{ var("collection") }}' in ('gpdpr', 'care_data')
{%- endmacro %}
