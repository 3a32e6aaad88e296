-- What somebody may know of the events of a release's people: of each dataset that the release asks
-- for, in its period, the month and how a patient was admitted; once a person, however many events.

with events as (

    {{ release_event_months() }}

)

select distinct
    releases.release_id,
    people.patient_key,
    events.dataset,
    events.event_month,
    events.admission_method,
    ' ' || releases.columns_asked || ' ' like '% ' || events.month_column || ' %' as is_month_asked,
    events.dataset = 'hospital'
    and ' ' || releases.columns_asked || ' ' like '% admission_method %' as is_method_asked
from {{ ref('int_releases__pseudonyms') }} as people
inner join {{ ref('releases') }} as releases on people.release_id = releases.release_id
inner join events
    on
        people.patient_key = events.patient_key
        and ' ' || releases.datasets || ' ' like '% ' || events.dataset || ' %'
        and events.happened_on between releases.period_start and releases.period_end
order by
    people.patient_key,
    releases.release_id,
    events.dataset,
    events.event_month,
    events.admission_method
