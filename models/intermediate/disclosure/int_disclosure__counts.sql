-- The exact counts of every area, each with the area above it that they add up to, and whether its
-- cohort changed by so few people since it was last shown that the difference would be about them.

with counts as (

    select
        'gp' as area_level,
        practice_code,
        gp_code as area_code,
        practice_code as parent_code,
        metric_id,
        numerator_count,
        denominator_count
    from {{ ref('int_metrics__by_gp') }}
    union all
    select
        areas.area_level,
        case when areas.area_level = 'practice' then areas.area_code end as practice_code,
        areas.area_code,
        case
            when areas.area_level = 'practice' then practices.ccg_code
            when areas.area_level = 'ccg' then 'ENGLAND'
        end as parent_code,
        areas.metric_id,
        areas.numerator_count,
        areas.denominator_count
    from {{ ref('int_metrics__by_area') }} as areas
    left join {{ ref('int_ods__practices') }} as practices
        on areas.area_level = 'practice' and areas.area_code = practices.practice_code
    union all
    select
        area_level,
        case when area_level = 'practice' then area_code end as practice_code,
        area_code,
        parent_code,
        metric_id,
        numerator_count,
        denominator_count
    from {{ ref('int_planning__areas') }}
    union all
    select
        'band' as area_level,
        null as practice_code,
        ccg_code || ' ' || band as area_code,
        ccg_code as parent_code,
        metric_id,
        numerator_count,
        denominator_count
    from {{ ref('int_planning__bands') }}

)

select
    counts.area_level,
    counts.practice_code,
    counts.area_code,
    counts.parent_code,
    counts.metric_id,
    counts.numerator_count,
    counts.denominator_count,
    coalesce(
        abs(counts.denominator_count - last_published.cohort_count)
        between rules.cohort_change_from and rules.cohort_change_to,
        false
    ) as is_changed_by_few
from counts
cross join {{ ref('int_disclosure__rules') }} as rules
left join {{ ref('int_disclosure__last_published') }} as last_published
    on
        counts.area_level = last_published.area_level
        and counts.practice_code is not distinct from last_published.practice_code
        and counts.area_code = last_published.area_code
        and counts.metric_id = last_published.metric_id
order by counts.area_level, counts.practice_code, counts.area_code, counts.metric_id
