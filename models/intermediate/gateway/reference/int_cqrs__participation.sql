{% set own = bare_word('settings.cqrs_service') -%}

with answers as (

    select
        participation.practice_code,
        -- nobody knows that an answer without a day to read is not the last one
        case
            when participation.has_unreadable_day then 'unreadable'
            when participation.status_date is null then 'undated'
            when coalesce(participation.service, '') <> {{ own }} then 'service_unknown'
            when participation.status in ('offered', 'agreed', 'declined', 'withdrawn')
                then participation.status
            else 'unknown'
        end as status,
        coalesce(participation.status_date, cast(settings.collected_at as date)) as status_date,
        settings.collected_at
    from {{ ref('stg_cqrs__participation') }} as participation
    cross join {{ ref('int_collection__settings') }} as settings
    where
        {{ is_practice_code('participation.practice_code') }}
        and {{ may_be_service('participation.service', own) }}
        and (
            coalesce(participation.service, '') = {{ own }}
            -- a refusal without a service, or of one with more words, may be of this collection
            or coalesce(participation.status, '') not in ('offered', 'agreed')
        )

),

statuses as (

    select distinct
        practice_code,
        status,
        status_date
    from answers
    where status_date <= cast(collected_at as date)

),

latest as (

    select
        practice_code,
        max(status_date) as status_date
    from statuses
    group by practice_code

)

select
    latest.practice_code,
    -- two statuses on one day: nobody knows which stands, so the practice has not agreed
    case
        when min(statuses.status) = max(statuses.status) then min(statuses.status)
        else 'conflicting'
    end as status,
    latest.status_date,
    settings.collected_at
from latest
inner join statuses
    on
        latest.practice_code = statuses.practice_code
        and latest.status_date = statuses.status_date
cross join {{ ref('int_collection__settings') }} as settings
group by latest.practice_code, latest.status_date, settings.collected_at
order by latest.practice_code
