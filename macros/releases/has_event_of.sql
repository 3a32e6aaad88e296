{% macro has_event_of(dataset) -%}
(
        releases.datasets not like '%{{ dataset }}%'
        or exists (
            select 1
            from ({{ release_event(dataset) }}) as events
            where
                events.patient_key = registrations.patient_key
                and events.happened_on between releases.period_start and releases.period_end
        )
    )
{%- endmacro %}
