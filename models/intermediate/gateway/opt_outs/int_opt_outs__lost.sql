-- Where no objection came that should have: at a supplier's practices, or at all of the
-- collection's, more people are collected than is plausible without one. By kind, of those that
-- the collection upholds; an approved row of the register says that it is true.

with practices as (

    select
        coalesce(counts.gp_system_supplier, 'UNKNOWN') as gp_system_supplier,
        counts.opt_out_kind,
        counts.objector_count,
        people.person_count
    from {{ ref('int_opt_outs__counts') }} as counts
    inner join {{ ref('int_practices__people_counts') }} as people
        on counts.practice_code = people.practice_code
    inner join {{ ref('collections') }} as collections
        on
            collections.collection = '{{ var("collection") }}'
            and {{ is_upheld('counts.opt_out_kind') }}

),

levels as (

    select
        'the supplier ' || gp_system_supplier as subject,
        *
    from practices
    union all
    select
        'the collection' as subject,
        *
    from practices

),

confirmed as (

    {{ confirmed_without_objections(ref('int_collection__settings')) }}

)

select
    levels.subject,
    levels.opt_out_kind,
    cast(sum(levels.person_count) as bigint) as person_count
from levels
where not exists (select 1 from confirmed)
group by levels.subject, levels.opt_out_kind
having
    sum(levels.objector_count) = 0
    and sum(levels.person_count) >= (
        select limits.value
        from {{ ref('reconciliation_rules') }} as limits
        where limits.rule = 'supplier_objections_from'
    )
