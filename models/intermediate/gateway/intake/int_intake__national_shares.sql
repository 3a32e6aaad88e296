-- How much of each file that concerns all practices can be used, and by which rule most of the rest
-- is lost. What the collection passes over, such as other organisations, is no part of the share;
-- where nothing else is left, nothing is usable.

with judged as (

    select
        counts.file_kind,
        counts.file_name,
        counts.rule,
        counts.row_count,
        rules.counts_as,
        rules.rule_order
    from {{ ref('int_intake__row_counts') }} as counts
    inner join {{ ref('intake_rules') }} as rules on counts.rule = rules.rule
    where counts.practice_code is null

),

placed as (

    select
        *,
        rank() over (
            partition by file_kind, file_name
            order by counts_as <> 'usable' desc, row_count desc, rule_order asc nulls last
        ) as place
    from judged

),

counted as (

    select
        file_kind,
        file_name,
        sum(row_count) as row_count,
        coalesce(sum(row_count) filter (where counts_as = 'usable'), 0) as used_count,
        coalesce(sum(row_count) filter (where counts_as = 'passed_over'), 0) as passed_over_count,
        coalesce(sum(row_count) filter (where counts_as = 'unusable'), 0) as unusable_count,
        min(rule) filter (where place = 1 and counts_as <> 'usable') as worst_rule
    from placed
    group by file_kind, file_name

)

select
    counted.file_kind,
    counted.file_name,
    cast(counted.row_count as bigint) as row_count,
    cast(counted.used_count as bigint) as used_count,
    cast(counted.passed_over_count as bigint) as passed_over_count,
    cast(counted.unusable_count as bigint) as unusable_count,
    counted.worst_rule,
    counted.used_count > 0
    and counted.unusable_count
    <= limits.tolerated_share * (counted.used_count + counted.unusable_count) as is_enough
from counted
inner join {{ ref('intake_rules') }} as limits on limits.rule = 'national_file_mostly_unusable'
order by counted.file_kind, counted.file_name
