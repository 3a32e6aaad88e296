-- The people of each release as the collection knows them: of the cohort that was asked for, those
-- of whom the release has something to say, each once, as registered last, with the datasets that
-- tell of them. Age is that of the year of collection: no more than the year is stored.

with registrations as (

    select
        pseudonyms.release_id,
        pseudonyms.patient_key,
        pseudonyms.release_key,
        people.sex,
        people.ethnicity,
        people.sexual_orientation,
        people.lsoa,
        practices.ccg_code,
        cast(year(cast(settings.collected_at as date)) - people.birth_year as bigint) as age,
        row_number() over (
            partition by pseudonyms.release_id, pseudonyms.patient_key
            order by people.registered_on desc, people.practice_code asc nulls last
        ) as recency
    from {{ ref('int_releases__pseudonyms') }} as pseudonyms
    cross join {{ ref('int_collection__settings') }} as settings
    inner join {{ ref('int_journals__people') }} as people
        on pseudonyms.patient_key = people.patient_key
    left join {{ ref('int_ods__practices') }} as practices
        on people.practice_code = practices.practice_code

),

eventful as (

    select
        release_id,
        patient_key,
        {{ list_in_order('dataset', ' ', distinct=true) }} as datasets_told
    from {{ ref('int_releases__events') }}
    group by release_id, patient_key

)

select
    registrations.release_id,
    registrations.patient_key,
    registrations.release_key,
    registrations.age,
    registrations.sex,
    registrations.ethnicity,
    registrations.sexual_orientation,
    registrations.lsoa,
    registrations.ccg_code,
    eventful.datasets_told
from registrations
inner join {{ ref('releases') }} as releases
    on registrations.release_id = releases.release_id
inner join {{ ref('release_cohorts') }} as cohorts on releases.cohort = cohorts.cohort
left join eventful
    on
        registrations.release_id = eventful.release_id
        and registrations.patient_key = eventful.patient_key
where
    registrations.recency = 1
    and coalesce(
        registrations.age between cohorts.age_from and cohorts.age_to, cohorts.age_from = 0
    )
    -- or groups that are large enough here would not be so in what is handed out
    and (releases.datasets = 'people' or eventful.datasets_told is not null)
order by registrations.patient_key, registrations.release_id
