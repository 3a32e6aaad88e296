-- Unit:        patients in a practice's file whom the collection does not hold, by reason; and, as
--              lifted_by_<exception>, those it holds although they object
-- Disclosure:  int_assurance__cells

select
    parent_code as practice_code,
    area_code as reason,
    measure = 'let_in' as is_exception,
    shown_count as person_count,
    shown_count is null as is_suppressed,
    coalesce({{ to_text('shown_count') }}, '*') as person_text
from {{ ref('int_assurance__cells') }}
where metric_id = 'exclusions' and area_level = 'part'
order by practice_code, reason
