-- The memory for the next collection: how many people each cell was about when it was last shown,
-- and when its value was last told exactly. Exact, because a rounded count cannot tell a change of
-- four people from none; only of cells that are shown, and only the last time before this
-- collection and in this one, also when it was built before.

with shown as (

    select
        area_level,
        area_code,
        metric_id,
        is_exact
    from {{ ref('int_gp_report__cells') }}
    where numerator_count is not null or denominator_count is not null
    union all
    select
        area_level,
        area_code,
        metric_id,
        is_exact
    from {{ ref('int_planning__cells') }}
    where numerator_count is not null or denominator_count is not null

),

counts as (

    select distinct
        area_level,
        area_code,
        metric_id,
        numerator_count,
        denominator_count
    from {{ ref('int_gp_report__room') }}
    union all
    select distinct
        area_level,
        area_code,
        metric_id,
        numerator_count,
        denominator_count
    from {{ ref('int_planning__room') }}

),

memory as (

    select
        counts.area_level,
        counts.area_code,
        counts.metric_id,
        counts.denominator_count as cohort_count,
        counts.numerator_count,
        case
            when shown.is_exact then counts.denominator_count
            else coalesce(last.again_told_cohort_count, last.told_cohort_count)
        end as told_cohort_count,
        case
            when shown.is_exact then counts.numerator_count
            else coalesce(last.again_told_numerator_count, last.told_numerator_count)
        end as told_numerator_count,
        rules.collected_at
    from counts
    cross join {{ ref('int_disclosure__rules') }} as rules
    inner join shown
        on
            counts.area_level = shown.area_level
            and counts.area_code = shown.area_code
            and counts.metric_id = shown.metric_id
    left join {{ ref('int_disclosure__last_published') }} as last
        on
            counts.area_level = last.area_level
            and counts.area_code = last.area_code
            and counts.metric_id = last.metric_id
    union all
    select
        area_level,
        area_code,
        metric_id,
        cohort_count,
        numerator_count,
        told_cohort_count,
        told_numerator_count,
        collected_at
    from {{ ref('int_disclosure__last_published') }}
    where collected_at is not null
    union all
    select
        last.area_level,
        last.area_code,
        last.metric_id,
        last.again_cohort_count as cohort_count,
        last.again_numerator_count as numerator_count,
        last.again_told_cohort_count as told_cohort_count,
        last.again_told_numerator_count as told_numerator_count,
        rules.collected_at
    from {{ ref('int_disclosure__last_published') }} as last
    cross join {{ ref('int_disclosure__rules') }} as rules
    where
        last.again_cohort_count is not null
        and not exists (
            select 1
            from shown
            where
                shown.area_level = last.area_level
                and shown.area_code = last.area_code
                and shown.metric_id = last.metric_id
        )

),

placed as (

    select
        *,
        case area_level
            when 'gp' then split_part(area_code, ' ', 1)
            when 'practice' then area_code
        end as practice_code
    from memory

)

select
    area_level,
    practice_code,
    case area_level when 'gp' then {{ own_code('area_code', 'practice_code') }} else area_code end
        as area_code,
    metric_id,
    cohort_count,
    numerator_count,
    told_cohort_count,
    told_numerator_count,
    collected_at
from placed
order by area_level, practice_code, area_code, metric_id, collected_at
