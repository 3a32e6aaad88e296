with practices as (

    select
        practices.*,
        row_number() over (
            partition by practices.practice_code order by practices.open_date desc nulls last
        ) as recency
    from {{ ref('stg_ods__practices') }} as practices
    -- 4 is a GP practice; the file also holds walk-in centres and out-of-hours services
    where
        practices.prescribing_setting = '4'
        and {{ is_practice_code('practices.practice_code') }}

)

select
    practices.practice_code,
    {{ plain_name('practices.practice_name') }} as practice_name,
    case when {{ full_match('practices.ccg_code', '[0-9A-Z]{3,6}') }} then practices.ccg_code end
        as ccg_code,
    case when {{ full_match('practices.status_code', '[A-Z]') }} then practices.status_code end
        as status_code,
    practices.open_date,
    practices.close_date,
    settings.collected_at
from practices
cross join {{ ref('int_collection__settings') }} as settings
where practices.recency = 1
order by practices.practice_code
