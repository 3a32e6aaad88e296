with gps as (

    select
        gps.*,
        statuses.meaning,
        -- a day that cannot be read may be the last; of two rows of one day, the one that leaves
        row_number() over (
            partition by gps.gp_code, gps.practice_code
            order by
                gps.has_unreadable_day desc,
                gps.joined_date desc nulls last,
                coalesce(statuses.meaning, '') = 'active' asc nulls last,
                gps.left_date asc nulls last,
                gps.gp_name asc nulls last
        ) as recency
    from {{ ref('stg_ods__gps') }} as gps
    left join {{ ref('default_codes') }} as defaults
        on gps.gp_code = defaults.code
    left join {{ ref('organisation_words') }} as statuses
        on gps.status = statuses.word and statuses.word_kind = 'status'
    -- the file also lists other organisations, and codes that stand for nobody
    where
        {{ is_gp_code('gps.gp_code') }}
        and {{ is_practice_code('gps.practice_code') }}
        and defaults.code is null

)

select
    gps.gp_code,
    gps.practice_code,
    {{ plain_name('gps.gp_name') }} as gp_name,
    -- a day that cannot be read may be that of the end
    case when not gps.has_unreadable_day then gps.meaning end as status,
    gps.joined_date,
    gps.left_date,
    settings.collected_at
from gps
cross join {{ ref('int_collection__settings') }} as settings
where gps.recency = 1
order by gps.gp_code, gps.practice_code
