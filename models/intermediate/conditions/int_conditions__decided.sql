-- How many conditions, the rarest first, are suppressed in each layer: the areas that make up one
-- area above. As many as leave no small number among the others; and so many that in no area the
-- patients of those suppressed are few together: who knows the patients of any condition, and of
-- the others, knows these by subtraction. So it is never one condition alone. What is closed in
-- one layer is closed in all those below it, so that a condition, or the admissions, are shown
-- from England down to some layer.

with areas as (

    select distinct
        area_level,
        area_code,
        parent_code
    from {{ ref('int_conditions__room') }}

),

ranks as (

    select
        room.area_level,
        room.parent_code,
        room.condition_rank,
        sum(room.cell_count) > 0 as is_met,
        bool_or(room.cell_count between rules.small_number_from and rules.small_number_to)
            as has_small,
        bool_or(room.patients_so_far between rules.small_number_from and rules.small_number_to)
            as has_few_closed,
        bool_or(room.shown_any_count is null) as has_suppressed_any,
        bool_or(room.is_telling) as is_telling
    from {{ ref('int_conditions__room') }} as room
    cross join {{ ref('int_disclosure__rules') }} as rules
    where room.counted = 'patients'
    group by room.area_level, room.parent_code, room.condition_rank

),

marked as (

    select
        *,
        max(case when has_small then condition_rank end)
            over (partition by area_level, parent_code) as last_small_rank
    from ranks

),

own as (

    select
        area_level,
        parent_code,
        case
            -- a suppressed count of patients would be bounded by its conditions
            when bool_or(has_suppressed_any) then count(*)
            when max(last_small_rank) is null then 0
            else
                coalesce(
                    min(condition_rank)
                    filter (where condition_rank >= last_small_rank and not has_few_closed),
                    count(*)
                )
        end as closed_conditions,
        -- and by its admissions
        bool_or(has_suppressed_any or is_telling) as is_admissions_closed,
        count(*) filter (where is_met) = 1 as has_one_condition
    from marked
    group by area_level, parent_code

),

england as (

    select
        area_level,
        parent_code,
        closed_conditions,
        is_admissions_closed,
        has_one_condition as is_any_alone
    from own
    where area_level = 'england'

),

ccg as (

    {{ closed_from_above('ccg', 'england') }}

),

practice as (

    {{ closed_from_above('practice', 'ccg') }}

),

gp as (

    {{ closed_from_above('gp', 'practice') }}

)

select * from england
union all
select * from ccg
union all
select * from practice
union all
select * from gp
order by area_level, parent_code
