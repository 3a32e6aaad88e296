-- Why the results may not stand, one row a reason with its sentence; none is how it should be:
-- objections that a supplier or the collection had in the previous extract are gone altogether, or
-- nobody of many was admitted as an emergency.

with levels as (

    select
        'the supplier ' || gp_system_supplier as subject,
        *
    from {{ ref('int_opt_outs__extracts') }}
    union all
    select
        'the collection' as subject,
        *
    from {{ ref('int_opt_outs__extracts') }}

),

fallen as (

    select
        levels.subject,
        levels.opt_out_kind,
        sum(levels.previous_count) as previous_count
    from levels
    cross join {{ ref('int_collection__settings') }} as settings
    inner join {{ ref('collections') }} as collections
        on
            settings.collection = collections.collection
            and {{ is_upheld('levels.opt_out_kind') }}
    where levels.previous_count is not null
    group by levels.subject, levels.opt_out_kind
    having sum(levels.objector_count) = 0

),

confirmed as (

    {{ confirmed_without_objections(ref('int_collection__settings')) }}

),

found as (

    select
        'no_objection_arrived' as rule,
        'fallen_from' as limit_rule,
        previous_count as counted,
        'every ' || replace(opt_out_kind, '_', ' ') || ' objection of ' || subject
        || ' is gone since the previous extract' as essence
    from fallen
    where not exists (select 1 from confirmed)
    union all
    select
        'no_admission_found' as rule,
        'admissions_from' as limit_rule,
        denominator_count as counted,
        'not one emergency admission counts for all of England' as essence
    from {{ ref('int_metrics__by_area') }}
    where
        area_level = 'england'
        and metric_id = 'emergency_admissions'
        and numerator_count = 0

)

select
    found.rule,
    'The run stops: ' || found.essence || '; ' || rules.what_to_do || '.' as sentence,
    rules.rule_order
from found
inner join {{ ref('reconciliation_rules') }} as limits on found.limit_rule = limits.rule
inner join {{ ref('intake_rules') }} as rules on found.rule = rules.rule
where found.counted >= limits.value
order by rules.rule_order, sentence
