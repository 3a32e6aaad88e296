-- How far each count may move when another world is imagined that would publish the same, and how
-- far while it must still be shown as it is.

with limits as (

    select
        *,
        'numerator' as measure,
        numerator_count as cell_count,
        cast(1 as bigint) as lowest_count,
        numerator_fence as highest_count,
        largest_part_count as lowest_shown_count,
        all_parts_count as highest_shown_count
    from {{ ref('int_disclosure__fences') }}
    union all
    select
        *,
        'denominator' as measure,
        denominator_count as cell_count,
        greatest(1, numerator_fence, case when is_list then list_fence else 0 end) as lowest_count,
        case when is_list or list_count is null then {{ unbounded() }} else list_fence end
            as highest_count,
        null as lowest_shown_count,
        null as highest_shown_count
    from {{ ref('int_disclosure__fences') }}

),

with_planning as (

    select
        area_level,
        practice_code,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_list,
        is_changed_by_few,
        cell_count,
        lowest_count,
        highest_count,
        greatest(lowest_count, coalesce(lowest_shown_count, lowest_count)) as lowest_shown_count,
        least(highest_count, coalesce(highest_shown_count, highest_count)) as highest_shown_count
    from limits
    union all
    select
        area_level,
        practice_code,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_list,
        is_changed_by_few,
        cell_count,
        lowest_count,
        highest_count,
        lowest_shown_count,
        highest_shown_count
    from {{ ref('int_planning__limits') }}

)

select *
from with_planning
order by measure, metric_id, area_level, practice_code, area_code
