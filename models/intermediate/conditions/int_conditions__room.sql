-- Every count by condition, exact: the patients of each area for each condition, zeros included,
-- in the order in which conditions are closed, the rarest in England first; and its admissions.
-- Beside them how the area's patients admitted for any condition are shown. Admissions that are
-- hardly more than patients tell those of the areas below, which then must be shown too.

with conditions as (

    select distinct codes.condition
    from {{ ref('emergency_conditions') }} as codes
    inner join {{ ref('int_collection__settings') }} as settings
        on codes.definition = settings.emergency_definition

),

counts as (

    select
        area_level,
        case area_level when 'gp' then practice_code || ' ' else '' end || area_code as area_code,
        condition,
        patient_count,
        admission_count
    from {{ ref('int_metrics__by_condition') }}

),

ranked as (

    select
        conditions.condition,
        cast(row_number() over (
            order by coalesce(england.patient_count, 0) nulls last, conditions.condition nulls last
        ) as bigint) as condition_rank
    from conditions
    left join counts as england
        on england.area_level = 'england' and conditions.condition = england.condition

),

admissions as (

    select
        area_level,
        area_code,
        sum(admission_count) filter (where condition = 'any') as admission_count,
        sum(patient_count) filter (where condition <> 'any') as patients_by_condition
    from counts
    group by area_level, area_code

),

areas as (

    select
        cells.area_level,
        cells.area_code,
        coalesce(exact.parent_code, 'NONE') as parent_code,
        cells.numerator_count as shown_any_count,
        cells.numerator_reason as any_reason,
        cast(coalesce(admissions.admission_count, 0) as bigint) as admission_count,
        coalesce(
            cells.area_level <> 'gp'
            and admissions.admission_count
            < greatest(exact.cell_count, admissions.patients_by_condition) + rules.small_number_to,
            false
        ) as is_telling
    from {{ ref('int_gp_report__cells') }} as cells
    cross join {{ ref('int_disclosure__rules') }} as rules
    inner join {{ ref('int_gp_report__room') }} as exact
        on
            cells.area_level = exact.area_level
            and cells.area_code = exact.area_code
            and cells.metric_id = exact.metric_id
            and exact.measure = 'numerator'
    left join admissions
        on
            cells.area_level = admissions.area_level
            and cells.area_code = admissions.area_code
    where cells.metric_id = 'emergency_admissions'

),

cells as (

    select
        areas.*,
        ranked.condition,
        ranked.condition_rank,
        'patients' as counted,
        coalesce(counts.patient_count, 0) as cell_count
    from areas
    cross join ranked
    left join counts
        on
            areas.area_level = counts.area_level
            and areas.area_code = counts.area_code
            and ranked.condition = counts.condition
    union all
    select
        areas.*,
        'any' as condition,
        null as condition_rank,
        'admissions' as counted,
        areas.admission_count as cell_count
    from areas

)

select
    area_level,
    area_code,
    parent_code,
    condition,
    counted,
    cell_count,
    condition_rank,
    -- of this and all rarer conditions
    cast(
        sum(cell_count) over (
            partition by area_level, area_code, counted
            order by condition_rank nulls last
        ) as bigint
    ) as patients_so_far,
    shown_any_count,
    any_reason,
    is_telling
from cells
order by area_level, area_code, counted, condition_rank
