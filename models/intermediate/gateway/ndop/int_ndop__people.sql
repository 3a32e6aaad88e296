-- The people of a release, once each: whom the collection holds, and a request asks about.

with people as (

    {{ exclude_opted_out(ref('int_patients__judged'), var('collection')) }}

)

select distinct nhs_number
from people
where
    rejected_rule is null
    and not_collected_reason is null
