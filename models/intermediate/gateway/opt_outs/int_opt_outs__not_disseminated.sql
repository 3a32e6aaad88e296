-- The collected people whose objection the collection upholds when it hands on, and no earlier.

with policies as (

    {{ opt_out_policies() }}

),

objectors as (

    select distinct opt_outs.nhs_number
    from {{ ref('int_opt_outs__in_force') }} as opt_outs
    cross join {{ ref('int_collection__settings') }} as settings
    inner join policies
        on
            settings.collection = policies.collection
            and opt_outs.opt_out_kind = policies.opt_out_kind
    left join {{ ref('int_opt_outs__excepted') }} as excepted
        on
            policies.collection = excepted.collection
            and policies.opt_out_kind = excepted.opt_out_kind
    where
        {{ collects_journals() }}
        and policies.upheld = 'at_dissemination'
        and excepted.exception_id is null

),

permitted as (

    {{ exclude_opted_out('objectors', var('collection')) }}

),

keyed as (

    select {{ pseudonymise('nhs_number') }} as patient_key
    from permitted

)

select keyed.patient_key
from keyed
where
    -- who is collected, and nobody else
    exists (
        select 1
        from {{ ref('int_journals__people') }} as people
        where people.patient_key = keyed.patient_key
    )
order by keyed.patient_key
