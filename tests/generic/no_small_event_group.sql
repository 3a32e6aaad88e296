{% test no_small_event_group(model) %}
-- Flags: events of a pseudonymised release that fewer people share than its request asks for, among
--        those who are alike.
-- Why:   whoever knows a person and the month of an event must not find the person in a release.
-- Mend:  int_releases__events_told, or the seed event_steps.
select count(*) as small_group_count
from (
    select count(distinct patient_key) as person_count
    from {{ model }}
    group by
        release_id, dataset, age_band, sex, ethnicity, area_code, told_month, told_precision, told_method,
        smallest_group
    having count(distinct patient_key) < smallest_group
) as small_groups
having count(*) > 0
{% endtest %}
