-- The gate: everybody whose objection a collection upholds when it collects, once a person.

with policies as (

    select
        collection,
        opt_out_kind
    from (
        select
            collection,
            'type_1' as opt_out_kind,
            type_1_upheld as upheld
        from {{ ref('collections') }}
        union all
        select
            collection,
            'type_2' as opt_out_kind,
            type_2_upheld as upheld
        from {{ ref('collections') }}
    ) as kinds
    where upheld = 'at_collection'

)

select
    policies.collection,
    opt_outs.nhs_number,
    min(opt_outs.opt_out_kind || '_' || opt_outs.reason) as reason
from {{ ref('int_opt_outs__in_force') }} as opt_outs
inner join policies on opt_outs.opt_out_kind = policies.opt_out_kind
group by policies.collection, opt_outs.nhs_number
