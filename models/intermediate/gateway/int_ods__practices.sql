with practices as (

    select
        practices.*,
        row_number() over (
            partition by practices.practice_code order by practices.open_date desc nulls last
        ) as recency
    from {{ ref('stg_ods__practices') }} as practices
    -- 4 is a GP practice; the file also holds walk-in centres and out-of-hours services
    where practices.prescribing_setting = '4'

)

select
    practices.practice_code,
    practices.practice_name,
    practices.ccg_code,
    practices.status_code,
    practices.open_date,
    practices.close_date,
    settings.collected_at
from practices
cross join {{ ref('int_collection__settings') }} as settings
where practices.recency = 1
order by practices.practice_code
