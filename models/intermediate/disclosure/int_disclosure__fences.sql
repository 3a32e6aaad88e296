-- What keeps each count on its side of others when it is imagined to move. Who is in the numerator
-- is in the denominator, and on the list: halfway between the true counts a fence is put up. And
-- patients admitted are no fewer than those of one condition, no more than those of all together.

with conditions as (

    select
        area_level,
        practice_code,
        area_code,
        'emergency_admissions' as metric_id,
        max(patient_count) as largest_part_count,
        cast(sum(patient_count) as bigint) as all_parts_count
    from {{ ref('int_conditions__counts') }}
    where condition <> 'any'
    group by area_level, practice_code, area_code

),

areas as (

    select
        counts.*,
        metrics.origin = 'hospital' as is_list,
        max(case when metrics.origin = 'hospital' then counts.denominator_count end)
            over (partition by counts.area_level, counts.practice_code, counts.area_code)
            as list_count,
        max(case when metrics.origin <> 'hospital' then counts.denominator_count end)
            over (partition by counts.area_level, counts.practice_code, counts.area_code)
            as eligible_count
    from {{ ref('int_disclosure__counts') }} as counts
    inner join {{ ref('metrics') }} as metrics on counts.metric_id = metrics.metric_id

)

select
    areas.area_level,
    areas.practice_code,
    areas.area_code,
    areas.parent_code,
    areas.metric_id,
    areas.numerator_count,
    areas.denominator_count,
    areas.is_changed_by_few,
    areas.is_list,
    areas.list_count,
    cast({{ integer_divide('areas.numerator_count + areas.denominator_count', 2) }} as bigint)
        as numerator_fence,
    cast(coalesce({{ integer_divide('areas.eligible_count + areas.list_count', 2) }}, 0) as bigint)
        as list_fence,
    conditions.largest_part_count,
    conditions.all_parts_count
from areas
left join conditions
    on
        areas.area_level = conditions.area_level
        and areas.practice_code is not distinct from conditions.practice_code
        and areas.area_code = conditions.area_code
        and areas.metric_id = conditions.metric_id
order by areas.area_level, areas.practice_code, areas.area_code, areas.metric_id
