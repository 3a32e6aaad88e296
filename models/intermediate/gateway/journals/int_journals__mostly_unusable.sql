-- Journals of which more is unusable than is tolerated, one row a practice, with the rule that took
-- most of it.

with judged as (

    select
        practice_code,
        coalesce(
            rejected_rule,
            -- as in int_journals__patients, where one such row is enough
            case when has_unreadable_day or registered_on is null then 'registration_unknown' end,
            record_rule,
            'complete'
        ) as rule,
        count(*) as value_count
    from {{ ref('int_journals__judged') }}
    group by all

),

unread as (

    select
        files.practice_code,
        'unreadable_row' as rule,
        files.row_count - coalesce(sum(judged.value_count), 0) as value_count
    from {{ ref('stg_landing__files') }} as files
    left join judged on files.practice_code = judged.practice_code
    where
        files.file_kind = 'journals'
        and files.refused_rule is null
    group by files.practice_code, files.row_count

),

counted as (

    select * from judged
    union all
    select * from unread

),

parts as (

    select
        practice_code,
        'rows' as part,
        rule,
        value_count
    from counted
    where value_count > 0

),

shares as (

    {{ mostly_unusable('parts') }}

)

select
    practice_code,
    worst_rule,
    worst_count
from shares
