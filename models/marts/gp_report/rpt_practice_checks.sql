-- What goes back to a practice with its results: what in its files could not be used, and why.

with checks as (

    select
        practice_code,
        file_kind,
        rule,
        row_count
    from {{ ref('int_intake__rejected_counts') }}
    where practice_code is not null
    union all
    -- kept, but without a usual GP at the practice
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

)

select
    practice_code,
    file_kind,
    rule,
    row_count
from checks
order by practice_code, file_kind, rule
