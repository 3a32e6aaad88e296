-- How many people are collected at each practice, whatever kind of file it sends.

select
    practice_code,
    count(*) as person_count
from {{ ref('int_patients__permitted') }}
group by practice_code
union all
select
    practice_code,
    count(*) as person_count
from {{ ref('int_journals__people') }}
group by practice_code
