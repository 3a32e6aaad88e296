{% macro release_events(request) -%}
{%- set datasets = request.datasets.split() | reject('equalto', 'people') | list -%}
{%- set asked = request.columns_asked.split() -%}
{%- set columns = {} -%}
{%- for row in release_rules().release_datasets
    if row.dataset in request.datasets.split() and row.column_name in asked -%}
    {%- do columns.update({row.column_name: row}) -%}
{%- endfor -%}
{%- set times = columns.values() | selectattr('data_type', 'equalto', 'date') | list -%}
{%- set width = 1 + (datasets | length > 1) + asked | length + times | length -%}
{%- for dataset in datasets -%}
select
    people.release_key
    {%- if datasets | length > 1 %},
    '{{ dataset }}' as dataset
    {%- endif %}
    {%- for name in asked %},
    {{ release_column(columns[name], dataset) }}
    {%- endfor %}
from {{ ref('int_releases__generalised') }} as people
inner join {{ ref('int_releases__events_told') }} as told
    on
        people.release_id = told.release_id
        and people.patient_key = told.patient_key
inner join (
    {{ release_event(dataset) }}
) as events
    on
        told.patient_key = events.patient_key
        and told.event_month = events.event_month
        and told.admission_method is not distinct from events.admission_method
where
    people.release_id = '{{ request.release_id }}'
    and told.dataset = '{{ dataset }}'
    and events.happened_on between date '{{ request.period_start }}' and date '{{ request.period_end }}'
{{ 'union all' if not loop.last else 'order by ' ~ range(1, width + 1) | join(', ') }}
{% endfor -%}
{%- endmacro %}
