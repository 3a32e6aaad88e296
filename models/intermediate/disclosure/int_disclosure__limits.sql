-- How far the count of each cell may move when another world is imagined that would publish the
-- same. A patient in the numerator is in the denominator, and is on the list; halfway between the
-- true counts a fence is put up, so that each count may move on its own side alone.

with areas as (

    select
        counts.*,
        metrics.origin = 'hospital' as is_list,
        max(counts.denominator_count) filter (where metrics.origin = 'hospital')
            over (partition by counts.area_level, counts.practice_code, counts.area_code)
            as list_count,
        max(counts.denominator_count) filter (where metrics.origin <> 'hospital')
            over (partition by counts.area_level, counts.practice_code, counts.area_code)
            as eligible_count
    from {{ ref('int_disclosure__counts') }} as counts
    inner join {{ ref('metrics') }} as metrics on counts.metric_id = metrics.metric_id

),

fences as (

    select
        *,
        {{ integer_divide('numerator_count + denominator_count', 2) }} as numerator_fence,
        coalesce({{ integer_divide('eligible_count + list_count', 2) }}, 0) as list_fence
    from areas

)

select
    area_level,
    practice_code,
    area_code,
    parent_code,
    metric_id,
    'numerator' as measure,
    is_list,
    is_changed_by_few,
    numerator_count as cell_count,
    cast(1 as bigint) as lowest_count,
    cast(numerator_fence as bigint) as highest_count
from fences
union all
select
    area_level,
    practice_code,
    area_code,
    parent_code,
    metric_id,
    'denominator' as measure,
    is_list,
    is_changed_by_few,
    denominator_count as cell_count,
    cast(
        greatest(1, numerator_fence, case when is_list then list_fence else 0 end) as bigint
    ) as lowest_count,
    cast(
        case when is_list or list_count is null then {{ anything() }} else list_fence end as bigint
    ) as highest_count
from fences
order by measure, metric_id, area_level, practice_code, area_code
