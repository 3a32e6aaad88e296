-- Everything that was sent and could not be used, by who sent it and the rule it broke.

with rejected_rows as (

    select *
    from {{ ref('int_intake__row_counts') }}
    where rule <> 'complete'

),

hospital_counts as (

    select
        rule,
        row_count
    from rejected_rows
    where file_kind = 'hes_apc'

),

counted as (

    select
        practice_code,
        'practice_records' as file_kind,
        rule,
        row_count
    from {{ ref('int_intake__record_counts') }}
    where verdict = 'rejected'
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
        practice_code,
        file_kind,
        rule,
        row_count
    from rejected_rows
    where file_kind = 'opt_outs'
    union all
    select
        null as practice_code,
        'hes_apc' as file_kind,
        rule,
        row_count
    from hospital_counts

)

select
    practice_code,
    file_kind,
    rule,
    cast(sum(row_count) as bigint) as row_count
from counted
group by practice_code, file_kind, rule
order by practice_code, file_kind, rule
