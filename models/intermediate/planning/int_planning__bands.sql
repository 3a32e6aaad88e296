-- Unit:        a register in an age band and sex of a CCG; the bands of a CCG make up its total
-- Numerator, denominator: int_planning__counted
-- Age:         the age that a patient has surely reached, int_registers__people
-- Not known:   patients whose sex is neither, or whose practices disagree about either

with people as (

    select
        places.area_code as ccg_code,
        counted.metric_id,
        counted.patient_key,
        bool_or(counted.is_in_numerator) as is_in_numerator,
        case
            when count(distinct bands.age_band) = 1 and count(distinct people.sex) = 1
                then
                    case min(people.sex)
                        when '1' then min(bands.age_band) || ' male'
                        when '2' then min(bands.age_band) || ' female'
                    end
        end as band
    from {{ ref('int_planning__counted') }} as counted
    inner join {{ ref('int_planning__places') }} as places
        on
            places.area_level = 'ccg'
            and counted.practice_code = places.practice_code
    inner join {{ ref('int_registers__people') }} as people
        on
            counted.metric_id = people.register
            and counted.patient_key = people.patient_key
            and counted.practice_code = people.practice_code
    left join {{ ref('age_bands') }} as bands
        on people.lowest_age between bands.age_from and bands.age_to
    group by places.area_code, counted.metric_id, counted.patient_key

),

counts as (

    select
        ccg_code,
        metric_id,
        coalesce(band, 'not_known not_known') as band,
        count(*) filter (where is_in_numerator) as numerator_count,
        count(*) as denominator_count
    from people
    group by ccg_code, metric_id, coalesce(band, 'not_known not_known')

),

bands as (

    select age_band || ' male' as band
    from {{ ref('age_bands') }}
    union all
    select age_band || ' female' as band
    from {{ ref('age_bands') }}
    union all
    select 'not_known not_known' as band

)

select
    areas.area_code as ccg_code,
    areas.metric_id,
    bands.band,
    coalesce(counts.numerator_count, 0) as numerator_count,
    coalesce(counts.denominator_count, 0) as denominator_count
from {{ ref('int_planning__areas') }} as areas
inner join {{ ref('int_planning__metrics') }} as metrics on areas.metric_id = metrics.metric_id
cross join bands
left join counts
    on
        areas.area_code = counts.ccg_code
        and areas.metric_id = counts.metric_id
        and bands.band = counts.band
where
    areas.area_level = 'ccg'
    and metrics.kind = 'register'
order by areas.area_code, areas.metric_id, bands.band
