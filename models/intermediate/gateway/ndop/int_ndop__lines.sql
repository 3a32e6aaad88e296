-- The exchanges line by line: whom a request asks about, and on how many lines of the reply they
-- are. Both are parsed once, for who judges the exchange and who acts on it.

with asked as (

    select distinct
        subject,
        nhs_number
    from {{ ref('stg_ndop__requests') }}
    where nhs_number is not null

),

answered as (

    select
        subject,
        nhs_number,
        count(*) as line_count
    from {{ ref('stg_ndop__replies') }}
    where nhs_number is not null
    group by subject, nhs_number

)

select
    coalesce(asked.subject, answered.subject) as subject,
    coalesce(asked.nhs_number, answered.nhs_number) as nhs_number,
    asked.subject is not null as is_asked,
    coalesce(answered.line_count, 0) as line_count
from asked
full outer join answered
    on
        asked.subject = answered.subject
        and asked.nhs_number = answered.nhs_number
