-- Unit:      patients with at least one qualifying admission, and the admissions themselves, of an
--            area, for each condition and for any; each person and each admission once an area
-- Period, exclusions, source: int_admissions__qualifying
-- Exact counts: nothing here is shown to anybody before disclosure control

with admitted as (

    select
        patients.practice_code,
        patients.gp_code,
        admissions.condition,
        admissions.patient_key,
        admissions.admission_number
    from {{ ref('int_admissions__qualifying') }} as admissions
    inner join {{ ref('int_patients__permitted') }} as patients
        on admissions.patient_key = patients.patient_key

),

conditions as (

    select * from admitted
    union
    select
        practice_code,
        gp_code,
        'any' as condition,
        patient_key,
        admission_number
    from admitted

),

placed as (

    select
        'gp' as area_level,
        practice_code,
        gp_code as area_code,
        condition,
        patient_key,
        admission_number
    from conditions
    -- somebody registered twice in an area is there once
    union
    select
        members.area_level,
        case members.area_level when 'practice' then members.area_code end as practice_code,
        members.area_code,
        conditions.condition,
        conditions.patient_key,
        conditions.admission_number
    from conditions
    inner join {{ ref('int_areas__members') }} as members
        on conditions.practice_code = members.practice_code

),

counts as (

    select
        area_level,
        practice_code,
        area_code,
        condition,
        count(distinct patient_key) as patient_count,
        count(*) as admission_count
    from placed
    group by area_level, practice_code, area_code, condition

)

select
    area_level,
    practice_code,
    area_code,
    condition,
    patient_count,
    admission_count
from counts
order by area_level, practice_code, area_code, condition
