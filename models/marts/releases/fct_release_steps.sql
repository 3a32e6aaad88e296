-- Unit:        people of a release by the step of the hierarchy at which they stand, or left out
-- Why:         whoever uses a release has to know how much of it is coarse, and how much is missing
-- Disclosure:  int_releases__cells

select
    parent_code as release_id,
    area_code as step,
    shown_count as person_count,
    shown_count is null as is_suppressed,
    coalesce({{ to_text('shown_count') }}, '*') as person_text
from {{ ref('int_releases__cells') }}
where metric_id = 'release_steps' and area_level = 'part'
order by release_id, step
