-- Everything that was sent and could not be used as it is, by who sent it and the rule it broke: of
-- journals also what of a row is not stored because nobody can use it.

with counted as (

    select
        practice_code,
        'practice_records' as file_kind,
        rule,
        row_count
    from {{ ref('int_intake__record_counts') }}
    where verdict = 'rejected'
    union all
    select
        counts.practice_code,
        'journals' as file_kind,
        counts.reason as rule,
        -- of a detail, the people of whom it is not kept
        case when counts.record_count > 0 then counts.record_count else counts.person_count end
            as row_count
    from {{ ref('int_journals__removed_counts') }} as counts
    left join {{ ref('intake_rules') }} as rules on counts.reason = rules.rule
    where
        counts.verdict in ('rejected', 'emptied')
        or rules.counts_as = 'unusable'
    union all
    -- who is kept out for it has no record of which it is told
    select
        unusable.practice_code,
        'journals' as file_kind,
        unusable.worst_rule as rule,
        unusable.worst_count as row_count
    from {{ ref('int_journals__mostly_unusable') }} as unusable
    inner join {{ ref('intake_rules') }} as rules on unusable.worst_rule = rules.rule
    where rules.applies_to <> 'row'
    union all
    select
        practice_code,
        file_kind,
        refused_rule as rule,
        coalesce(row_count, 0) as row_count
    from {{ ref('stg_landing__files') }}
    where refused_rule is not null
    union all
    select
        counts.practice_code,
        counts.file_kind,
        counts.rule,
        counts.row_count
    from {{ ref('int_intake__row_counts') }} as counts
    left join {{ ref('intake_rules') }} as rules on counts.rule = rules.rule
    -- a practice also learns of rows that count, but are not written as they should be
    where
        not rules.keeps_row
        or (counts.practice_code is not null and counts.rule <> 'complete')

)

select
    practice_code,
    file_kind,
    rule,
    {{ rounded_count('cast(sum(row_count) as bigint)') }} as row_count
from counted
group by practice_code, file_kind, rule
order by practice_code, file_kind, rule
