-- Admissions of the people of the journals: the first episode of a stay, linked on the exact
-- number.

with episodes as (

    select
        *,
        min(nhs_number) over (partition by episode_key) as lowest_number,
        max(nhs_number) over (partition by episode_key) as highest_number,
        count(*) filter (where episode_status = '3') over (
            partition by nhs_number, admission_date, admission_method, episode_order
        ) as finished_count
    from {{ ref('int_episodes__judged') }}
    where
        rejected_rule is null
        and {{ collects_journals() }}

),

admissions as (

    select distinct
        episodes.nhs_number,
        episodes.admission_date,
        episodes.admission_method,
        episodes.primary_diagnosis
    from episodes
    cross join {{ ref('int_collection__settings') }} as settings
    where
        episodes.episode_order = '1'
        and episodes.admission_date between settings.period_start and settings.period_end
        -- an episode under two people's numbers is nobody's
        and (episodes.episode_key is null or episodes.lowest_number = episodes.highest_number)
        -- an unfinished one is passed over where the finished one is there too
        and (episodes.finished_count = 0 or episodes.episode_status = '3')

),

permitted as (

    {{ exclude_opted_out('admissions', var('collection')) }}

),

keyed as (

    select
        {{ pseudonymise('nhs_number') }} as patient_key,
        admission_date,
        admission_method,
        primary_diagnosis
    from permitted

)

select
    keyed.patient_key,
    keyed.admission_date,
    keyed.admission_method,
    keyed.primary_diagnosis
from keyed
where
    -- who is collected, and nobody else
    exists (
        select 1
        from {{ ref('int_journals__people') }} as people
        where people.patient_key = keyed.patient_key
    )
order by 1, 2, 3, 4
