{% macro filter_values(field) -%}
',' || {{ list_in_order('filters.value', ',') }} filter (
            where filters.field = '{{ field }}' and filters.rule = 'one_of'
        ) || ',' as {{ field }}_one_of,
        ',' || {{ list_in_order('filters.value', ',') }} filter (
            where filters.field = '{{ field }}' and filters.rule = 'none_of'
        ) || ',' as {{ field }}_none_of
{%- endmacro %}
