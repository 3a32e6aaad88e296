-- Each exchange in numbers: how many people were asked about, and what the lines of the reply are.

with asked as (

    select distinct
        subject,
        nhs_number
    from {{ ref('stg_ndop__requests') }}
    where nhs_number is not null

),

asked_counts as (

    select
        subject,
        count(*) as asked_count
    from asked
    group by subject

),

answered_counts as (

    select
        replies.subject,
        count(replies.nhs_number) as number_line_count,
        count(distinct asked.nhs_number) as allowed_count,
        count(*) filter (
            where replies.nhs_number is not null and asked.nhs_number is null
        ) as never_asked_count
    from {{ ref('stg_ndop__replies') }} as replies
    left join asked
        on
            replies.subject = asked.subject
            and replies.nhs_number = asked.nhs_number
    group by replies.subject

)

select
    files.subject,
    max(files.sent_date) as sent_date,
    max(files.sequence_number) as sequence_number,
    count(*) filter (where files.direction = 'request') as request_count,
    count(*) filter (where files.direction = 'reply') as reply_count,
    coalesce(max(files.line_count) filter (where files.direction = 'reply'), 0) as line_count,
    coalesce(max(asked_counts.asked_count), 0) as asked_count,
    coalesce(max(answered_counts.number_line_count), 0) as number_line_count,
    coalesce(max(answered_counts.allowed_count), 0) as allowed_count,
    coalesce(max(answered_counts.never_asked_count), 0) as never_asked_count
from {{ ref('stg_ndop__files') }} as files
left join asked_counts on files.subject = asked_counts.subject
left join answered_counts on files.subject = answered_counts.subject
where files.subject is not null
group by files.subject
