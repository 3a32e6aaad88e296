-- What every exchange came to, in words; without a subject, what else there is to say.
-- The scan of what is stored allows what a subject looks like by a row of this seed.
-- depends_on: {{ ref('digits_allowed') }}

with verdicts as (

    select
        subject,
        sent_date,
        is_latest,
        coalesce(problem, case when is_latest then 'stands' else 'superseded' end) as verdict,
        asked_count,
        permitted_count
    from {{ ref('int_ndop__exchanges') }}
    union all
    select
        null as subject,
        null as sent_date,
        false as is_latest,
        refused_rule as verdict,
        0 as asked_count,
        0 as permitted_count
    from {{ ref('stg_ndop__files') }}
    where subject is null
    group by refused_rule
    union all
    select
        null as subject,
        null as sent_date,
        true as is_latest,
        'no_exchange' as verdict,
        0 as asked_count,
        0 as permitted_count
    where not exists (
        select 1
        from {{ ref('int_ndop__exchanges') }}
        where is_latest
    )

)

select
    verdicts.subject,
    verdicts.sent_date,
    verdicts.is_latest,
    verdicts.verdict,
    words.explanation,
    verdicts.asked_count,
    verdicts.permitted_count
from verdicts
left join {{ ref('national_opt_out_verdicts') }} as words
    on verdicts.verdict = words.verdict
order by verdicts.sent_date, verdicts.subject, verdicts.verdict
