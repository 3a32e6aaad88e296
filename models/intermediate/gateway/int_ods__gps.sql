with gps as (

    select
        gps.*,
        row_number() over (
            partition by gps.gp_code, gps.practice_code order by gps.joined_date desc nulls last
        ) as recency
    from {{ ref('stg_ods__gps') }} as gps
    -- the file also lists other organisations; a GP's code is G, six digits and a check digit
    where {{ full_match('gps.gp_code', 'G[0-9]{7}') }}

)

select
    gps.gp_code,
    gps.practice_code,
    gps.gp_name,
    gps.status_code,
    gps.joined_date,
    gps.left_date,
    settings.collected_at
from gps
cross join {{ ref('int_collection__settings') }} as settings
where gps.recency = 1
order by gps.gp_code, gps.practice_code
