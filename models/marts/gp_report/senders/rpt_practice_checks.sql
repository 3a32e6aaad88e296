-- What goes back to a practice with its results: what in its files could not be used, how much of
-- them that is, what it means and what to do.

with checks as (

    select
        practice_code,
        file_kind,
        rule,
        row_count
    from {{ ref('int_intake__rejected_counts') }}
    where practice_code is not null
    union all
    -- kept, but without a usual GP at the practice or with a metric that cannot be read
    select
        practice_code,
        'practice_records' as file_kind,
        rule,
        row_count
    from {{ ref('int_intake__record_counts') }}
    where verdict = 'kept' and rule <> 'complete'
    union all
    select
        practice_code,
        'practice' as file_kind,
        not_collected_reason as rule,
        0 as row_count
    from {{ ref('int_practices__collected') }}
    where not_collected_reason is not null
    union all
    -- collected, in good faith that its opt-outs are no older
    select
        practice_code,
        'opt_outs' as file_kind,
        opt_outs_rule as rule,
        0 as row_count
    from {{ ref('int_practices__collected') }}
    where not_collected_reason is null and opt_outs_rule is not null

),

sent as (

    select
        practice_code,
        file_kind,
        sum(row_count) as sent_count
    from {{ ref('int_intake__file_counts') }}
    group by practice_code, file_kind

)

select
    checks.practice_code,
    checks.file_kind,
    checks.rule,
    -- a file of more rows is no practice's, and nine digits are not told of anything
    least(checks.row_count, 99999999) as row_count,
    case when sent.sent_count is not null then least(cast(sent.sent_count as bigint), 99999999) end
        as sent_count,
    cast(round(1e2 * checks.row_count / nullif(sent.sent_count, 0), 2) as decimal(5, 2))
        as row_percent,
    rules.meaning,
    rules.what_to_do
from checks
-- a row that an exception lets in is no fault of the practice's, and has no rule here
inner join {{ ref('intake_rules') }} as rules on checks.rule = rules.rule
left join sent
    on
        checks.practice_code = sent.practice_code
        and checks.file_kind = sent.file_kind
order by checks.practice_code, checks.file_kind, rules.rule_order
