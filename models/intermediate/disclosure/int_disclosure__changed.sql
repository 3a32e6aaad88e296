-- A total whose cohort changed by few is not shown again. Its parts would give it away if all of
-- them were shown: where none of them changed by few, the smallest is not shown again either.

with counted as (

    select
        *,
        row_number() over (
            partition by area_level, parent_code, metric_id, measure
            order by
                case
                    when is_changed_by_few and cell_count > 0 then 1
                    when cell_count > 0 then 2
                    else 3
                end nulls last,
                cell_count nulls last,
                area_code nulls last
        ) = 1 as is_next
    from {{ ref('int_disclosure__limits') }}

),

england as (

    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_changed_by_few
    from counted
    where area_level = 'england'

),

ccgs as (

    {{ changed_with_total('ccg', 'england') }}

),

practices as (

    {{ changed_with_total('practice', 'ccgs') }}

),

gps as (

    {{ changed_with_total('gp', 'practices') }}

),

bands as (

    {{ changed_with_total('band', 'ccgs') }}

)

select * from england
union all
select * from ccgs
union all
select * from practices
union all
select * from gps
union all
select * from bands
order by measure, metric_id, area_level, parent_code, area_code
