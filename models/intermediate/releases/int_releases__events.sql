-- What somebody may know of the events of a release's people: of each dataset that the release asks
-- for, in its period, the month and how a patient was admitted; once a person, however many events.

{% for month in release_rules().release_datasets
    | selectattr('data_type', 'equalto', 'date') | selectattr('kind', 'equalto', 'quasi_identifier') -%}
select distinct
    releases.release_id,
    people.patient_key,
    '{{ month.dataset }}' as dataset,
    events.event_month,
    events.admission_method,
    ' ' || releases.columns_asked || ' ' like '% {{ month.column_name }} %' as is_month_asked,
    '{{ month.dataset }}' = 'hospital'
    and ' ' || releases.columns_asked || ' ' like '% admission_method %' as is_method_asked
from {{ ref('int_releases__pseudonyms') }} as people
inner join {{ ref('releases') }} as releases on people.release_id = releases.release_id
inner join (
    {{ release_event(month.dataset) }}
) as events
    on
        people.patient_key = events.patient_key
        and events.happened_on between releases.period_start and releases.period_end
where ' ' || releases.datasets || ' ' like '% {{ month.dataset }} %'
{{ 'union all' if not loop.last else 'order by patient_key, release_id, dataset, event_month, admission_method' }}
{% endfor %}
