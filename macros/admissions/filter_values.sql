{% macro filter_values(field) -%}
{%- for rule in ['one_of', 'none_of'] -%}
',' || {{ list_in_order('filters.value', ',') }} filter (
            where filters.field = '{{ field }}' and filters.rule = '{{ rule }}'
        ) || ',' as {{ field }}_{{ rule }}{{ ',
        ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
