-- The gate: everybody whose objection a collection upholds when it collects, once a person. An
-- objection that an exception lifts stays in sight, with the exception that lifted it.

with policies as (

    {{ opt_out_policies() }}

)

select
    policies.collection,
    opt_outs.nhs_number,
    min(opt_outs.opt_out_kind || '_' || opt_outs.reason) as reason,
    -- one objection that stands is enough
    case when count(*) = count(excepted.exception_id) then min(excepted.exception_id) end
        as lifted_by
from {{ ref('int_opt_outs__in_force') }} as opt_outs
inner join policies on opt_outs.opt_out_kind = policies.opt_out_kind
left join {{ ref('int_opt_outs__excepted') }} as excepted
    on
        policies.collection = excepted.collection
        and policies.opt_out_kind = excepted.opt_out_kind
where policies.upheld = 'at_collection'
group by policies.collection, opt_outs.nhs_number
