-- Of the areas that make up one area above: how many conditions, the rarest first, are shown for
-- none of them. As many as leave no small number among the others; and so many that in no area the
-- patients of those not shown are few together: who knows the patients of any condition, and of the
-- others, knows these by subtraction. So it is never one condition alone.

with ranks as (

    select
        cells.area_level,
        cells.parent_code,
        cells.condition_rank,
        sum(cells.patient_count) > 0 as is_met,
        bool_or(cells.patient_count between rules.small_number_from and rules.small_number_to)
            as has_small,
        bool_or(cells.patients_so_far between rules.small_number_from and rules.small_number_to)
            as has_few_closed
    from {{ ref('int_conditions__cells') }} as cells
    cross join {{ ref('int_disclosure__rules') }} as rules
    group by cells.area_level, cells.parent_code, cells.condition_rank

),

marked as (

    select
        *,
        max(case when has_small then condition_rank end)
            over (partition by area_level, parent_code) as last_small_rank
    from ranks

)

select
    area_level,
    parent_code,
    count(*) as all_conditions,
    count(*) filter (where is_met) as conditions_met,
    case
        when max(last_small_rank) is null then 0
        else
            coalesce(
                min(condition_rank)
                filter (where condition_rank >= last_small_rank and not has_few_closed),
                count(*)
            )
    end as closed_conditions
from marked
group by area_level, parent_code
order by area_level, parent_code
