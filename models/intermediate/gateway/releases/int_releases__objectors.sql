-- Who objects now, and how: at a practice, or nationally by the latest reply that stands.

with asked as (

    select distinct
        requests.subject,
        requests.nhs_number
    from {{ ref('stg_ndop__requests') }} as requests
    inner join {{ ref('int_ndop__exchanges') }} as exchanges
        on requests.subject = exchanges.subject
    where
        requests.nhs_number is not null
        and exchanges.is_latest
        and exchanges.problem is null

)

select distinct
    opt_out_kind,
    nhs_number
from {{ ref('int_opt_outs__in_force') }}
union all
select
    'national' as opt_out_kind,
    asked.nhs_number
from asked
left join {{ ref('stg_ndop__replies') }} as replies
    on
        asked.subject = replies.subject
        and asked.nhs_number = replies.nhs_number
where replies.nhs_number is null
