{% macro release_event_months() -%}
{%- for column in release_rules().release_datasets
    if column.data_type == 'date' and column.kind == 'quasi_identifier' -%}
select
        patient_key,
        '{{ column.dataset }}' as dataset,
        '{{ column.column_name }}' as month_column,
        happened_on,
        event_month,
        admission_method
    from (
    {{ release_event(column.dataset) }}
    ) as {{ column.dataset }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
