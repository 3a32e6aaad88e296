-- Unit:        patients in a practice's file whom the collection does not hold, by reason; and, as
--              lifted_by_<exception>, those it holds although they object
-- Disclosure:  HES rule (domain handbook, section 8)

with reasons as (

    select
        practice_code,
        rule as reason,
        verdict = 'kept' as is_exception,
        row_count as person_count
    from {{ ref('int_intake__record_counts') }}
    where verdict = 'excluded' or rule like 'lifted_by_%'

)

select
    practice_code,
    reason,
    is_exception,
    {{ disclosure_control('person_count') }} as person_count,
    person_count between 1 and 7 as is_suppressed
from reasons
order by practice_code, reason
