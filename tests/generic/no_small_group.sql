{% test no_small_group(model) %}
-- Flags: people of a pseudonymised release who are alike with fewer than its request asks for.
-- Why:   whoever knows somebody's age, sex, ethnicity and area must not find them in a release.
-- Mend:  int_releases__generalised, or the seed generalisation_steps.
select count(*) as small_group_count
from (
    select count(*) as person_count
    from {{ model }}
    where step is not null
    group by release_id, age_band, sex, ethnicity, area_code, datasets_told, smallest_group
    having count(*) < smallest_group
) as small_groups
having count(*) > 0
{% endtest %}
