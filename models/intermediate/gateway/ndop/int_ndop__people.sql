-- The people of a release, once each: whom the collection holds, and a request asks about.

with people as (

    select nhs_number
    from {{ ref('int_patients__judged') }}
    where
        rejected_rule is null
        and not_collected_reason is null
    union all
    select nhs_number
    from {{ ref('int_journals__patients') }}
    where
        scope_rule is null
        and not_collected_reason is null

),

permitted as (

    {{ exclude_opted_out('people', var('collection')) }}

)

select distinct nhs_number
from permitted
