-- Every count of the GP report with its room: how far it may be imagined to move. Who is in the
-- numerator is in the denominator, and on the list: halfway between the true counts a fence is put
-- up, so that each may move up to it whatever the other does. And where patients admitted are
-- shown, so may be their conditions: they are no fewer than those of one, no more than those of
-- all.

with parents as (

    select distinct
        area_level,
        area_code,
        parent_code
    from {{ ref('int_areas__members') }}

),

counts as (

    select
        'gp' as area_level,
        practice_code || ' ' || gp_code as area_code,
        practice_code as parent_code,
        metric_id,
        numerator_count,
        denominator_count
    from {{ ref('int_metrics__by_gp') }}
    union all
    select
        areas.area_level,
        areas.area_code,
        parents.parent_code,
        areas.metric_id,
        areas.numerator_count,
        areas.denominator_count
    from {{ ref('int_metrics__by_area') }} as areas
    inner join parents
        on areas.area_level = parents.area_level and areas.area_code = parents.area_code

),

conditions as (

    select
        area_level,
        case area_level when 'gp' then practice_code || ' ' else '' end || area_code as area_code,
        'emergency_admissions' as metric_id,
        max(patient_count) as largest_part_count,
        cast(sum(patient_count) as bigint) as all_parts_count
    from {{ ref('int_metrics__by_condition') }}
    where condition <> 'any'
    group by all

),

listed as (

    select
        counts.*,
        metrics.origin = 'hospital' as is_list,
        max(case when metrics.origin = 'hospital' then counts.denominator_count end)
            over (partition by counts.area_level, counts.area_code) as list_count,
        max(case when metrics.origin <> 'hospital' then counts.denominator_count end)
            over (partition by counts.area_level, counts.area_code) as eligible_count
    from counts
    inner join {{ ref('metrics') }} as metrics on counts.metric_id = metrics.metric_id

),

compared as (

    {{ compared_with_last('listed') }}

),

fenced as (

    select
        compared.*,
        conditions.largest_part_count,
        conditions.all_parts_count,
        cast(
            {{ integer_divide('compared.numerator_count + compared.denominator_count', 2) }}
            as bigint
        ) as numerator_fence,
        cast(
            coalesce({{ integer_divide('compared.eligible_count + compared.list_count', 2) }}, 0)
            as bigint
        ) as list_fence
    from compared
    left join conditions
        on
            compared.area_level = conditions.area_level
            and compared.area_code = conditions.area_code
            and compared.metric_id = conditions.metric_id

),

limits as (

    select
        *,
        'numerator' as measure,
        {{ is_guarded('numerator') }} as is_guarded,
        numerator_count as cell_count,
        cast(1 as bigint) as lowest_count,
        numerator_fence as highest_count,
        greatest(1, coalesce(largest_part_count, 1)) as lowest_shown_count,
        least(numerator_fence, coalesce(all_parts_count, numerator_fence)) as highest_shown_count
    from fenced
    union all
    select
        *,
        'denominator' as measure,
        {{ is_guarded('denominator') }} as is_guarded,
        denominator_count as cell_count,
        greatest(1, numerator_fence, case when is_list then list_fence else 0 end) as lowest_count,
        case when is_list or list_count is null then {{ unbounded() }} else list_fence end
            as highest_count,
        lowest_count as lowest_shown_count,
        highest_count as highest_shown_count
    from fenced

),

{{ room_to_move(
    'limits',
    groups=[('ccg', 'england'), ('practice', 'ccg'), ('gp', 'practice')],
    carried=['numerator_count', 'denominator_count', 'is_guarded']
) }}
