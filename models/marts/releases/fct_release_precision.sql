-- Unit:        events of a release, by dataset and by how exactly their time is told; those of a
--              person in one month, and of one way of admission, are one
-- Why:         whoever uses a release has to know how much of it has lost its month
-- Disclosure:  int_releases__cells

select
    split_part(parent_code, ' ', 1) as release_id,
    split_part(parent_code, ' ', 2) as dataset,
    area_code as told_precision,
    shown_count as event_count,
    shown_count is null as is_suppressed,
    coalesce({{ to_text('shown_count') }}, '*') as event_text
from {{ ref('int_releases__cells') }}
where metric_id = 'release_precision' and area_level = 'part'
order by release_id, dataset, told_precision
