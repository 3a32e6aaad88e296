-- Where every row of the practice files went: rows sent = rows kept + excluded + rejected.

with people as (

    select
        patients.practice_code,
        case
            when patients.rejected_rule is not null then 'rejected'
            when patients.not_collected_reason is not null then 'excluded'
            when opt_outs.nhs_number is not null and opt_outs.lifted_by is null then 'excluded'
            else 'kept'
        end as verdict,
        coalesce(
            patients.rejected_rule,
            patients.not_collected_reason,
            'lifted_by_' || opt_outs.lifted_by,
            opt_outs.reason,
            patients.usual_gp_rule,
            patients.metrics_rule,
            'complete'
        ) as rule,
        count(*) as person_count,
        sum(patients.row_count) as row_count
    from {{ ref('int_patients__judged') }} as patients
    left join {{ ref('int_opt_outs__upheld') }} as opt_outs
        on
            patients.nhs_number = opt_outs.nhs_number
            and opt_outs.collection = '{{ var("collection") }}'
    group by all

),

counted as (

    select
        practice_code,
        verdict,
        rule,
        case when verdict = 'rejected' then row_count else person_count end as row_count
    from people
    union all
    -- a row repeated to the letter: one is kept
    select
        practice_code,
        'rejected' as verdict,
        'repeated_row' as rule,
        row_count - person_count as row_count
    from people
    where verdict <> 'rejected'

),

sent as (

    select
        practice_code,
        sum(row_count) as row_count
    from {{ ref('stg_landing__files') }}
    where file_kind = 'practice_records' and refused_rule is null
    group by practice_code

),

unreadable as (

    select
        sent.practice_code,
        'rejected' as verdict,
        'unreadable_row' as rule,
        sent.row_count - coalesce(sum(counted.row_count), 0) as row_count
    from sent
    left join counted on sent.practice_code = counted.practice_code
    group by sent.practice_code, sent.row_count

),

verdicts as (

    select * from counted
    union all
    select * from unreadable

)

select
    practice_code,
    verdict,
    rule,
    {{ rounded_count('cast(sum(row_count) as bigint)') }} as row_count
from verdicts
group by practice_code, verdict, rule
having sum(row_count) > 0
order by practice_code, verdict, rule
