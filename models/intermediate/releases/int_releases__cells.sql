-- The groups that an aggregate release counts, with the number of people in each.

select
    people.release_id,
    people.age_band,
    people.sex,
    people.ethnicity,
    people.area_code,
    concat_ws(' ', people.age_band, people.sex, people.ethnicity, people.area_code) as cell,
    count(*) as person_count
from {{ ref('int_releases__generalised') }} as people
inner join {{ ref('releases') }} as releases on people.release_id = releases.release_id
where releases.identifiability = 'aggregate'
group by people.release_id, people.age_band, people.sex, people.ethnicity, people.area_code
order by people.release_id, cell
