-- A layer is the areas that make up one area above. What is closed in one is closed in all those
-- below it, so that a condition, or the admissions, are shown from England down to some layer.

with own as (

    select
        areas.area_level,
        areas.parent_code,
        -- a withheld count of patients would be bounded by its conditions, and by its admissions
        case
            when bool_or(areas.shown_any_count is null) then max(closed.all_conditions)
            else max(closed.closed_conditions)
        end as closed_conditions,
        bool_or(areas.shown_any_count is null or areas.is_telling) as is_admissions_closed,
        max(closed.conditions_met) = 1 as has_one_condition
    from {{ ref('int_conditions__areas') }} as areas
    inner join {{ ref('int_conditions__closed') }} as closed
        on areas.area_level = closed.area_level and areas.parent_code = closed.parent_code
    group by areas.area_level, areas.parent_code

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
