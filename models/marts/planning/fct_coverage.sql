-- Unit:        a practice with journals, a CCG or England: practices, patients, and the categories
--              of which there is a record in the period
-- Disclosure:  int_planning__cells; a category is received where its months are not all nobody's

with cells as (

    select
        cells.*,
        metrics.kind,
        metrics.category
    from {{ ref('int_planning__cells') }} as cells
    inner join {{ ref('int_planning__metrics') }} as metrics on cells.metric_id = metrics.metric_id
    where cells.area_level <> 'band'

),

practices as (

    select
        area_level,
        area_code,
        count(*) as practice_count
    from {{ ref('int_planning__places') }}
    group by area_level, area_code

),

received as (

    select
        area_level,
        area_code,
        {{ list_in_order('category', ' ') }} as categories_received
    from (
        select distinct
            area_level,
            area_code,
            category
        from cells
        where
            kind = 'activity'
            and coalesce(numerator_count, 1) > 0
    ) as categories
    group by area_level, area_code

)

select
    cells.area_level,
    cells.area_code,
    practices.practice_count,
    cells.denominator_count as patient_count,
    cells.denominator_count is null as is_suppressed,
    coalesce({{ to_text('cells.denominator_count') }}, '*') as patient_text,
    case
        when cells.denominator_reason = 'changed_by_few' then 'changed_by_few'
        when cells.denominator_count is null then 'small_numbers'
    end as suppression_reason,
    coalesce(received.categories_received, '') as categories_received
from cells
inner join practices
    on
        cells.area_level = practices.area_level
        and cells.area_code = practices.area_code
left join received
    on
        cells.area_level = received.area_level
        and cells.area_code = received.area_code
where cells.kind = 'patients'
order by cells.area_level, cells.area_code
