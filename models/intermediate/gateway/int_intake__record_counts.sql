-- Where every row of the practice files went: rows sent = rows kept + excluded + rejected.

with verdicts as (

    select
        judged.practice_code,
        case
            when judged.rejected_rule is not null then 'rejected'
            when judged.not_collected_reason is not null or opt_outs.nhs_number is not null
                then 'excluded'
            else 'kept'
        end as verdict,
        coalesce(
            judged.rejected_rule,
            judged.not_collected_reason,
            opt_outs.reason,
            judged.usual_gp_rule,
            'complete'
        ) as rule,
        count(*) as person_count,
        sum(judged.row_count) as row_count
    from {{ ref('int_records__judged') }} as judged
    left join {{ ref('int_opt_outs__upheld') }} as opt_outs
        on
            judged.nhs_number = opt_outs.nhs_number
            and opt_outs.collection = '{{ var("collection") }}'
    group by all

),

files as (

    select
        practice_code,
        sum(row_count) as row_count
    from {{ ref('stg_landing__files') }}
    where file_kind = 'practice_records' and refused_rule is null
    group by practice_code

),

counted as (

    select
        practice_code,
        verdict,
        rule,
        case when verdict = 'rejected' then row_count else person_count end as row_count
    from verdicts
    union all
    -- a row repeated to the letter: one is kept
    select
        practice_code,
        'rejected' as verdict,
        'repeated_row' as rule,
        sum(row_count - person_count) as row_count
    from verdicts
    where verdict <> 'rejected'
    group by practice_code
    union all
    select
        files.practice_code,
        'rejected' as verdict,
        'unreadable_row' as rule,
        files.row_count - coalesce(sum(verdicts.row_count), 0) as row_count
    from files
    left join verdicts on files.practice_code = verdicts.practice_code
    group by files.practice_code, files.row_count

)

select
    practice_code,
    verdict,
    rule,
    cast(row_count as bigint) as row_count
from counted
where row_count > 0
order by practice_code, verdict, rule
