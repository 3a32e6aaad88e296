-- Numerator:    patients of the GP who meet the metric
-- Denominator:  patients of the GP who are eligible; for emergency admissions all permitted ones
-- Exact counts: nothing here is shown to anybody before disclosure control

with positions as (

    {{ flag_positions() }}

),

admitted as (

    select distinct patient_key from {{ ref('int_admissions__qualifying') }}

),

flag_groups as (

    -- Patients share few patterns of flags, so they are grouped before they are spelled out.
    select
        patients.practice_code,
        patients.gp_code,
        patients.metric_flags,
        count(*) as patient_count,
        count(admitted.patient_key) as admitted_count
    from {{ ref('int_patients__permitted') }} as patients
    left join admitted on patients.patient_key = admitted.patient_key
    group by patients.practice_code, patients.gp_code, patients.metric_flags

),

flags as (

    select
        flag_groups.practice_code,
        flag_groups.gp_code,
        positions.metric_id,
        substr(flag_groups.metric_flags, positions.flag_position, 1) as flag,
        flag_groups.patient_count
    from flag_groups
    cross join positions

),

practice_metrics as (

    select
        practice_code,
        gp_code,
        metric_id,
        coalesce(sum(patient_count) filter (where flag = 'y'), 0) as numerator_count,
        coalesce(sum(patient_count) filter (where flag in ('y', 'n')), 0) as denominator_count
    from flags
    group by practice_code, gp_code, metric_id

),

emergency_admissions as (

    select
        practice_code,
        gp_code,
        'emergency_admissions' as metric_id,
        sum(admitted_count) as numerator_count,
        sum(patient_count) as denominator_count
    from flag_groups
    group by practice_code, gp_code

),

metrics as (

    select * from practice_metrics
    union all
    select * from emergency_admissions

)

select
    practice_code,
    gp_code,
    metric_id,
    cast(numerator_count as bigint) as numerator_count,
    cast(denominator_count as bigint) as denominator_count
from metrics
order by practice_code, gp_code, metric_id
