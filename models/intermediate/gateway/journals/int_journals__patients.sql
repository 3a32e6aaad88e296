-- The patients of the journals, one row a person and practice, whoever has objected still among
-- them. A detail is what the rows of the latest day say that give it; where these disagree, nobody
-- knows. Whether somebody was a patient is not guessed from rows that disagree.

{% set details = ['birth_year', 'sex', 'ethnicity', 'sexual_orientation', 'lsoa'] -%}

with said as (

    select distinct
        practice_code,
        nhs_number,
        said_on,
        has_unreadable_day,
        has_unusable_detail,
        birth_year,
        sex,
        ethnicity,
        sexual_orientation,
        lsoa,
        died_on,
        registered_on,
        deregistered_on
    from {{ ref('int_journals__judged') }}
    where rejected_rule is null

),

latest_days as (

    select
        *,
        {{ days_last_said(details) }}
    from said

),

on_latest_days as (

    select
        practice_code,
        nhs_number,
        has_unreadable_day,
        has_unusable_detail,
        died_on,
        registered_on,
        deregistered_on,
        {{ said_last(details) }}
    from latest_days

),

agreed as (

    select
        practice_code,
        nhs_number,
        {{ agreed(details) }},
        case when bool_or(has_unusable_detail) then 'detail_unusable' end as detail_rule,
        min(died_on) as died_on,
        min(registered_on) as registered_on,
        min(deregistered_on) as deregistered_on,
        bool_or(has_unreadable_day)
        or count(distinct coalesce(died_on, date '0001-01-01')) > 1
        or count(distinct coalesce(registered_on, date '0001-01-01')) > 1
        or count(distinct coalesce(deregistered_on, date '0001-01-01')) > 1 as is_unclear
    from on_latest_days
    group by practice_code, nhs_number

)

select
    agreed.*,
    case
        -- a practice that nobody judged has not been let in
        when practices.practice_code is null then 'not_a_gp_practice'
        else practices.not_collected_reason
    end as not_collected_reason,
    case
        when
            agreed.is_unclear
            or agreed.registered_on is null
            or agreed.died_on > cast(practices.extracted_at as date)
            then 'registration_unknown'
        when agreed.died_on < scopes.started_on then 'died_before_start'
        when
            agreed.registered_on > coalesce(agreed.died_on, cast(practices.extracted_at as date))
            or agreed.deregistered_on < agreed.died_on
            or (
                agreed.died_on is null
                and agreed.deregistered_on <= cast(practices.extracted_at as date)
            )
            then 'not_registered'
    end as scope_rule
from agreed
cross join {{ ref('int_collection__settings') }} as settings
left join {{ ref('journal_scopes') }} as scopes on settings.collection = scopes.collection
left join {{ ref('int_practices__collected') }} as practices
    on agreed.practice_code = practices.practice_code
