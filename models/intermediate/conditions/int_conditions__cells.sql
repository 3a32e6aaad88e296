-- Every area's patients by condition, zeros included, in the order in which conditions are closed:
-- the rarest in England first.

with conditions as (

    select distinct codes.condition
    from {{ ref('emergency_conditions') }} as codes
    inner join {{ ref('int_collection__settings') }} as settings
        on codes.definition = settings.emergency_definition

),

ranked as (

    select
        conditions.condition,
        cast(row_number() over (
            order by coalesce(england.patient_count, 0) nulls last, conditions.condition nulls last
        ) as bigint) as condition_rank
    from conditions
    left join {{ ref('int_conditions__counts') }} as england
        on england.area_level = 'england' and conditions.condition = england.condition

),

cells as (

    select
        areas.area_level,
        areas.practice_code,
        areas.area_code,
        areas.parent_code,
        ranked.condition,
        ranked.condition_rank,
        coalesce(counts.patient_count, 0) as patient_count
    from {{ ref('int_conditions__areas') }} as areas
    cross join ranked
    left join {{ ref('int_conditions__counts') }} as counts
        on
            areas.area_level = counts.area_level
            and areas.practice_code is not distinct from counts.practice_code
            and areas.area_code = counts.area_code
            and ranked.condition = counts.condition

)

select
    *,
    cast(
        sum(patient_count) over (
            partition by area_level, practice_code, area_code
            order by condition_rank nulls last
        ) as bigint
    ) as patients_so_far
from cells
order by area_level, practice_code, area_code, condition_rank
