{% macro mostly_unusable(parts) -%}
with judged as (

    select
        parts.practice_code,
        parts.part,
        parts.rule,
        parts.value_count,
        rules.rule_order,
        rules.counts_as
    from {{ parts }} as parts
    inner join {{ ref('intake_rules') }} as rules on parts.rule = rules.rule

),

placed as (

    select
        *,
        rank() over (
            partition by practice_code, part
            order by counts_as <> 'usable' desc, value_count desc, rule_order nulls last
        ) as place
    from judged

),

shares as (

    select
        practice_code,
        part,
        count(*) filter (where counts_as = 'usable') as usable_rules,
        sum(value_count) filter (where counts_as <> 'passed_over') as value_count,
        coalesce(sum(value_count) filter (where counts_as = 'unusable'), 0) as unusable_count,
        max(value_count) filter (where place = 1) as worst_count,
        min(rule) filter (where place = 1 and counts_as <> 'usable') as worst_rule
    from placed
    group by practice_code, part

)

select
    shares.practice_code,
    shares.part,
    shares.worst_rule,
    shares.worst_count
from shares
inner join {{ ref('intake_rules') }} as limits on limits.rule = 'practice_file_mostly_unusable'
where
    shares.usable_rules = 0
    or shares.unusable_count > limits.tolerated_share * shares.value_count
{%- endmacro %}
