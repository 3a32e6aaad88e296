with lists as (

    select distinct
        practice_code,
        gp_code
    from {{ ref('int_gp_report__cells') }}
    where area_level = 'gp'

)

select
    lists.practice_code,
    lists.gp_code,
    case
        when gps.gp_code is null then 'No usual GP at the practice'
        else coalesce(gps.gp_name, gps.gp_code)
    end as gp_name,
    gps.gp_code is null as is_unassigned
from lists
left join {{ ref('int_ods__gps') }} as gps
    on
        lists.gp_code = gps.gp_code
        and lists.practice_code = gps.practice_code
order by lists.practice_code, lists.gp_code
