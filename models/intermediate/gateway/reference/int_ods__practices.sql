with practices as (

    select
        practices.*,
        statuses.meaning,
        -- a day that cannot be read may be the last, and so may one that is not told of a row that
        -- is not active; of two rows of one day, the one that closes
        row_number() over (
            partition by practices.practice_code
            order by
                practices.has_unreadable_day desc,
                practices.open_date is null and coalesce(statuses.meaning, '') <> 'active' desc,
                practices.open_date desc nulls last,
                coalesce(statuses.meaning, '') = 'active' asc nulls last,
                practices.close_date asc nulls last,
                practices.ccg_code asc nulls last,
                practices.practice_name asc nulls last
        ) as recency
    from {{ ref('stg_ods__practices') }} as practices
    -- the file also holds walk-in centres and out-of-hours services
    inner join {{ ref('organisation_words') }} as settings_of_practices
        on
            practices.prescribing_setting = settings_of_practices.word
            and settings_of_practices.meaning = 'gp_practice'
    left join {{ ref('organisation_words') }} as statuses
        on practices.status = statuses.word and statuses.word_kind = 'status'
    where {{ is_practice_code('practices.practice_code') }}

)

select
    practices.practice_code,
    {{ plain_name('practices.practice_name') }} as practice_name,
    case when {{ full_match('practices.ccg_code', '[0-9A-Z]{3,6}') }} then practices.ccg_code end
        as ccg_code,
    -- a day that cannot be read may be that of its end
    case when not practices.has_unreadable_day then practices.meaning end as status,
    practices.open_date,
    practices.close_date,
    settings.collected_at
from practices
cross join {{ ref('int_collection__settings') }} as settings
where practices.recency = 1
order by practices.practice_code
