-- Each exchange judged: the first thing that is wrong with it, and which one decides.

with policy as (

    select
        {{ to_plausible_day("'" ~ var('disseminated_at', '') ~ "'") }} as disseminated_date,
        collections.national_data_opt_out_max_age_days as max_age_days,
        limits.value as objections_from
    from {{ ref('collections') }} as collections
    inner join {{ ref('reconciliation_rules') }} as limits
        on limits.rule = 'national_objections_from'
    where collections.collection = '{{ var("collection") }}'

),

confirmed as (

    {{ confirmed_without_objections(ref('int_collection__settings')) }}

),

counted as (

    select count(*) as confirmed_count
    from confirmed

),

-- what was not read may be the reply that decides
unread as (

    select count(*) as file_count
    from {{ ref('stg_ndop__files') }}
    where subject is null

),

judged as (

    select
        answers.*,
        answers.sent_date
        <= coalesce(policy.disseminated_date, answers.sent_date) as is_sent,
        case
            when answers.request_count = 0 then 'reply_without_request'
            when answers.reply_count = 0 then 'reply_missing'
            when answers.line_count = 0 then 'reply_empty'
            -- the service answers a request that it cannot use with one line; one line is only an
            -- answer where one person was asked about, and it names that person
            when
                answers.line_count = 1
                and not (answers.asked_count = 1 and answers.allowed_count = 1)
                then 'reply_is_an_error_line'
            when answers.line_count <> answers.number_line_count then 'reply_unreadable_line'
            when answers.never_asked_count > 0 then 'reply_has_numbers_never_asked'
            -- as the request would, were it taken for its own reply
            when
                answers.allowed_count = answers.asked_count
                and answers.asked_count >= policy.objections_from
                and counted.confirmed_count = 0
                then 'reply_lists_everybody'
            when policy.disseminated_date is null then 'dissemination_date_unknown'
            when answers.sent_date > policy.disseminated_date then 'sent_after_dissemination'
            when
                coalesce(
                    {{ days_between('answers.sent_date', 'policy.disseminated_date') }}
                    > policy.max_age_days,
                    true
                )
                then 'reply_too_old'
            when unread.file_count > 0 then 'another_file_not_read'
        end as problem
    from {{ ref('int_ndop__answers') }} as answers
    cross join policy
    cross join counted
    cross join unread

),

numbered as (

    select
        *,
        row_number() over (
            order by is_sent desc, sent_date desc, sequence_number desc, subject desc
        ) as recency
    from judged

)

select
    subject,
    sent_date,
    asked_count,
    case when problem is null then allowed_count else 0 end as permitted_count,
    is_sent and recency = 1 as is_latest,
    problem
from numbered
