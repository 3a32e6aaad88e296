-- A patient registered at two practices counts at both, and once in the totals above them. Here
-- is what a sum over practices counts too often: for each area and metric, appearances less
-- people.

with repeated as (

    select patient_key
    from {{ ref('int_patients__permitted') }}
    group by patient_key
    having count(*) > 1

),

appearances as (

    select
        patients.patient_key,
        members.area_level,
        members.area_code,
        patients.metric_flags
    from {{ ref('int_patients__permitted') }} as patients
    inner join repeated on patients.patient_key = repeated.patient_key
    inner join {{ ref('int_areas__members') }} as members
        on
            patients.practice_code = members.practice_code
            and members.area_level <> 'practice'

),

admitted as (

    select distinct patient_key from {{ ref('int_admissions__qualifying') }}

),

metrics as (

    select
        appearances.patient_key,
        appearances.area_level,
        appearances.area_code,
        positions.metric_id,
        substr(appearances.metric_flags, positions.flag_position, 1) as flag
    from appearances
    cross join {{ ref('int_metrics__flag_positions') }} as positions
    union all
    select
        appearances.patient_key,
        appearances.area_level,
        appearances.area_code,
        'emergency_admissions' as metric_id,
        case when admitted.patient_key is null then 'n' else 'y' end as flag
    from appearances
    left join admitted on appearances.patient_key = admitted.patient_key

),

people as (

    select
        area_level,
        area_code,
        metric_id,
        patient_key,
        count(*) filter (where flag = 'y') as numerator_count,
        count(*) filter (where flag in ('y', 'n')) as denominator_count
    from metrics
    group by area_level, area_code, metric_id, patient_key

)

select
    area_level,
    area_code,
    metric_id,
    cast(sum(greatest(numerator_count - 1, 0)) as bigint) as numerator_excess_count,
    cast(sum(greatest(denominator_count - 1, 0)) as bigint) as denominator_excess_count
from people
group by area_level, area_code, metric_id
order by area_level, area_code, metric_id
