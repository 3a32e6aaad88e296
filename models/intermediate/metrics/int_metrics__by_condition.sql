-- Unit:      patients with at least one qualifying admission, and the admissions themselves, of an
--            area, for each condition and for any; each person and each admission once an area
-- Period, exclusions, source: int_admissions__qualifying
-- Exact counts: nothing here is shown to anybody before disclosure control

with admitted as (

    select
        patients.practice_code,
        patients.gp_code,
        practices.ccg_code,
        admissions.condition,
        admissions.patient_key,
        admissions.admission_number
    from {{ ref('int_admissions__qualifying') }} as admissions
    inner join {{ ref('int_patients__permitted') }} as patients
        on admissions.patient_key = patients.patient_key
    left join {{ ref('int_ods__practices') }} as practices
        on patients.practice_code = practices.practice_code

),

conditions as (

    select * from admitted
    union all
    select
        practice_code,
        gp_code,
        ccg_code,
        'any' as condition,
        patient_key,
        admission_number
    from admitted

),

counts as (

    {{ admitted_patients('gp', 'practice_code', 'gp_code') }}
    union all
    {{ admitted_patients('practice', 'practice_code', 'practice_code') }}
    union all
    {{ admitted_patients('ccg', 'null', 'ccg_code') }}
    union all
    {{ admitted_patients('england', 'null', "'ENGLAND'") }}

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
