{% macro mostly_unusable(parts) -%}
with judged as (

    select
        parts.practice_code,
        parts.part,
        parts.rule,
        parts.value_count,
        rules.rule_order,
        parts.rule in ('category_not_collected', 'code_not_collected') as is_passed_over,
        rules.applies_to = 'row'
        or parts.rule in (
            'metric_value_unknown', 'record_date_unknown', 'code_of_another_category'
        ) as is_unusable
    from {{ parts }} as parts
    inner join {{ ref('intake_rules') }} as rules on parts.rule = rules.rule

),

shares as (

    select
        practice_code,
        part,
        count(*) filter (where not is_passed_over and not is_unusable) as usable_rules,
        sum(value_count) filter (where not is_passed_over) as value_count,
        coalesce(sum(value_count) filter (where is_unusable), 0) as unusable_count,
        max_by(rule, value_count * 10000 - rule_order)
            filter (where is_passed_over or is_unusable) as worst_rule
    from judged
    group by practice_code, part

)

select
    shares.practice_code,
    shares.part,
    shares.worst_rule
from shares
inner join {{ ref('intake_rules') }} as limits on limits.rule = 'practice_file_mostly_unusable'
where
    shares.usable_rules = 0
    or shares.unusable_count > limits.tolerated_share * shares.value_count
{%- endmacro %}
