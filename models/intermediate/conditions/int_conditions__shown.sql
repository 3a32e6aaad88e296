-- Patients by condition, and admissions, as they may be shown: 0, to the nearest 5, or withheld.

with conditions as (

    select
        cells.area_level,
        cells.practice_code,
        cells.area_code,
        cells.condition,
        'patients' as counted,
        cells.patient_count as cell_count,
        cells.condition_rank <= layers.closed_conditions
        and not (layers.is_any_alone and areas.shown_any_count is not null) as is_closed,
        areas.shown_any_count,
        areas.any_reason
    from {{ ref('int_conditions__cells') }} as cells
    inner join {{ ref('int_conditions__layers') }} as layers
        on cells.area_level = layers.area_level and cells.parent_code = layers.parent_code
    inner join {{ ref('int_conditions__areas') }} as areas
        on
            cells.area_level = areas.area_level
            and cells.practice_code is not distinct from areas.practice_code
            and cells.area_code = areas.area_code

),

admissions as (

    select
        areas.area_level,
        areas.practice_code,
        areas.area_code,
        'any' as condition,
        'admissions' as counted,
        areas.admission_count as cell_count,
        layers.is_admissions_closed as is_closed,
        areas.shown_any_count,
        areas.any_reason
    from {{ ref('int_conditions__areas') }} as areas
    inner join {{ ref('int_conditions__layers') }} as layers
        on areas.area_level = layers.area_level and areas.parent_code = layers.parent_code

),

counts as (

    select * from conditions
    union all
    select * from admissions

),

judged as (

    select
        *,
        -- where nobody was admitted for any condition, nobody was for one
        is_closed and coalesce(shown_any_count, 1) > 0 as is_withheld
    from counts

)

select
    judged.area_level,
    judged.practice_code,
    judged.area_code,
    judged.condition,
    judged.counted,
    case
        when not judged.is_withheld
            then {{ to_nearest('judged.cell_count', 'rules.rounding') }}
    end as shown_count,
    case
        when judged.is_withheld and judged.any_reason = 'changed_by_few' then 'changed_by_few'
        when judged.is_withheld then 'small_numbers'
    end as suppression_reason
from judged
cross join {{ ref('int_disclosure__rules') }} as rules
order by 1, 2, 3, 4, 5
