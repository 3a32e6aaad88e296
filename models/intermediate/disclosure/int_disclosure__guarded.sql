-- Shown counts that may not be told more finely than rounded, because a small number lies beside
-- them: few who are eligible do not meet the metric, few on the list are not eligible, or few are
-- more or fewer than when the count was last shown, or last told exactly.

with places as (

    select
        counts.*,
        max(case when limits.is_list then counts.denominator_count end)
            over (partition by counts.area_level, counts.practice_code, counts.area_code)
            as list_count,
        limits.is_list
    from {{ ref('int_disclosure__counts') }} as counts
    inner join {{ ref('int_disclosure__limits') }} as limits
        on
            counts.area_level = limits.area_level
            and counts.practice_code is not distinct from limits.practice_code
            and counts.area_code = limits.area_code
            and counts.metric_id = limits.metric_id
            and limits.measure = 'denominator'

),

compared as (

    select
        places.*,
        places.denominator_count - places.numerator_count
        between rules.small_number_from and rules.small_number_to as has_few_others,
        places.list_count - places.denominator_count
        between rules.small_number_from and rules.small_number_to as is_near_list,
        {{ moved_by_few('last_published.numerator_count', 'last_published.cohort_count') }}
        or {{ moved_by_few(
            'last_published.told_numerator_count', 'last_published.told_cohort_count'
        ) }}
        -- of what was shown before its numerator was remembered, nobody knows
        or (last_published.cohort_count is not null and last_published.numerator_count is null)
            as has_moved
    from places
    cross join {{ ref('int_disclosure__rules') }} as rules
    left join {{ ref('int_disclosure__last_published') }} as last_published
        on
            places.area_level = last_published.area_level
            and places.practice_code is not distinct from last_published.practice_code
            and places.area_code = last_published.area_code
            and places.metric_id = last_published.metric_id

)

select
    area_level,
    practice_code,
    area_code,
    metric_id,
    'numerator' as measure,
    has_few_others or coalesce(has_moved, false) as is_guarded
from compared
union all
select
    area_level,
    practice_code,
    area_code,
    metric_id,
    'denominator' as measure,
    has_few_others
    or coalesce(has_moved, false)
    or coalesce(is_near_list, false)
    or (
        is_list
        and coalesce(
            bool_or(is_near_list) over (partition by area_level, practice_code, area_code), false
        )
    ) as is_guarded
from compared
order by measure, metric_id, area_level, practice_code, area_code
