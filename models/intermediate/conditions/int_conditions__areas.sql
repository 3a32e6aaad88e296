-- Every area with the area above it, how its patients admitted for any condition are shown, and how
-- many admissions it has. Admissions that are hardly more than patients tell those of the areas
-- below, which then must be shown too.

with counts as (

    select
        area_level,
        practice_code,
        area_code,
        sum(admission_count) filter (where condition = 'any') as admission_count,
        sum(patient_count) filter (where condition <> 'any') as patients_by_condition
    from {{ ref('int_conditions__counts') }}
    group by area_level, practice_code, area_code

)

select
    cells.area_level,
    cells.practice_code,
    cells.area_code,
    coalesce(above.parent_code, 'NONE') as parent_code,
    cells.numerator_count as shown_any_count,
    cells.numerator_reason as any_reason,
    cast(coalesce(counts.admission_count, 0) as bigint) as admission_count,
    coalesce(
        cells.area_level <> 'gp'
        and counts.admission_count
        < greatest(above.numerator_count, counts.patients_by_condition) + rules.small_number_to,
        false
    ) as is_telling
from {{ ref('int_disclosure__cells') }} as cells
cross join {{ ref('int_disclosure__rules') }} as rules
inner join {{ ref('int_disclosure__counts') }} as above
    on
        cells.area_level = above.area_level
        and cells.practice_code is not distinct from above.practice_code
        and cells.area_code = above.area_code
        and cells.metric_id = above.metric_id
left join counts
    on
        cells.area_level = counts.area_level
        and cells.practice_code is not distinct from counts.practice_code
        and cells.area_code = counts.area_code
where cells.metric_id = 'emergency_admissions'
order by cells.area_level, cells.practice_code, cells.area_code
