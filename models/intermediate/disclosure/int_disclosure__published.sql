-- The memory for the next collection: how many people each cell was about when it was last shown,
-- and when its value was last told exactly. Exact, because a rounded count cannot tell a change of
-- four people from none; only of cells that are shown, and only the last time before this
-- collection and this one.

with shown as (

    select
        counts.area_level,
        counts.practice_code,
        counts.area_code,
        counts.metric_id,
        counts.denominator_count as cohort_count,
        counts.numerator_count,
        case when cells.is_exact then counts.denominator_count else last.told_cohort_count end
            as told_cohort_count,
        case when cells.is_exact then counts.numerator_count else last.told_numerator_count end
            as told_numerator_count,
        rules.collected_at
    from {{ ref('int_disclosure__counts') }} as counts
    cross join {{ ref('int_disclosure__rules') }} as rules
    inner join {{ ref('int_disclosure__cells') }} as cells
        on
            counts.area_level = cells.area_level
            and counts.practice_code is not distinct from cells.practice_code
            and counts.area_code = cells.area_code
            and counts.metric_id = cells.metric_id
    left join {{ ref('int_disclosure__last_published') }} as last
        on
            counts.area_level = last.area_level
            and counts.practice_code is not distinct from last.practice_code
            and counts.area_code = last.area_code
            and counts.metric_id = last.metric_id
    where cells.numerator_count is not null or cells.denominator_count is not null

)

select
    area_level,
    practice_code,
    area_code,
    metric_id,
    cohort_count,
    numerator_count,
    told_cohort_count,
    told_numerator_count,
    collected_at
from shown
union all
select
    area_level,
    practice_code,
    area_code,
    metric_id,
    cohort_count,
    numerator_count,
    told_cohort_count,
    told_numerator_count,
    collected_at
from {{ ref('int_disclosure__last_published') }}
order by area_level, practice_code, area_code, metric_id, collected_at
