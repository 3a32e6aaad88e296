-- How many people each cell was about when it was last shown, before this collection, and when its
-- value was last told exactly. The history is a table of the previous run: a source, because what
-- is shown now depends on it.

with history as (

    select
        published.area_level,
        case published.area_level when 'gp' then published.practice_code || ' ' else '' end
        || published.area_code as area_code,
        published.metric_id,
        published.cohort_count,
        published.numerator_count,
        published.told_cohort_count,
        published.told_numerator_count,
        published.collected_at
    from {{ source('disclosure_history', 'int_disclosure__published') }} as published
    cross join {{ ref('int_disclosure__rules') }} as rules
    -- the same collection again is compared with what it was compared with before
    where published.collected_at < rules.collected_at

)

select
    area_level,
    area_code,
    metric_id,
    max_by(cohort_count, collected_at) as cohort_count,
    max_by(numerator_count, collected_at) as numerator_count,
    max_by(told_cohort_count, collected_at) as told_cohort_count,
    max_by(told_numerator_count, collected_at) as told_numerator_count,
    max(collected_at) as collected_at
from history
group by area_level, area_code, metric_id
order by area_level, area_code, metric_id
