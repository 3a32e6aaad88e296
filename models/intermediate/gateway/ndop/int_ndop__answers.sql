-- Each exchange in numbers: how many people were asked about, and what the lines of the reply are.

with counted as (

    select
        subject,
        count(*) filter (where is_asked) as asked_count,
        cast(sum(line_count) as bigint) as number_line_count,
        count(*) filter (where is_asked and line_count > 0) as allowed_count,
        cast(
            coalesce(sum(line_count) filter (where not is_asked), 0) as bigint
        ) as never_asked_count
    from {{ ref('int_ndop__lines') }}
    group by subject

)

select
    files.subject,
    max(files.sent_date) as sent_date,
    max(files.sequence_number) as sequence_number,
    count(*) filter (where files.direction = 'request') as request_count,
    count(*) filter (where files.direction = 'reply') as reply_count,
    coalesce(max(files.line_count) filter (where files.direction = 'reply'), 0) as line_count,
    coalesce(max(counted.asked_count), 0) as asked_count,
    coalesce(max(counted.number_line_count), 0) as number_line_count,
    coalesce(max(counted.allowed_count), 0) as allowed_count,
    coalesce(max(counted.never_asked_count), 0) as never_asked_count
from {{ ref('stg_ndop__files') }} as files
left join counted on files.subject = counted.subject
where files.subject is not null
group by files.subject
