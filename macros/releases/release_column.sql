{% macro release_column(column, dataset) -%}
{%- set is_time = column.data_type == 'date' and column.kind == 'quasi_identifier' -%}
{%- set precision = column.column_name | replace('_month', '_precision') -%}
{%- if column.dataset == 'people' -%}
people.{{ column.column_name }}
{%- elif column.dataset != dataset -%}
{{ null_of(column.data_type) }} as {{ column.column_name }}
    {%- if is_time %},
    {{ to_text('null') }} as {{ precision }}
    {%- endif %}
{%- elif is_time -%}
told.told_month as {{ column.column_name }},
    told.told_precision as {{ precision }}
{%- elif column.kind == 'quasi_identifier' -%}
told.told_method as {{ column.column_name }}
{%- else -%}
events.{{ column.column_name }}
{%- endif -%}
{%- endmacro %}
