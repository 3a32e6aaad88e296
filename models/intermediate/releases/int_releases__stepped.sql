-- Each person of a release at each step of the hierarchy (seed `generalisation_steps`): what may
-- tell people apart, as coarse as the step says. What nobody asked for is null, and tells nobody
-- apart.

with asked as (

    select
        people.*,
        steps.step,
        steps.age_band_years,
        steps.area_level,
        steps.has_ethnicity,
        steps.has_sex,
        releases.first_step,
        ' ' || releases.columns_asked || ' ' as columns_asked,
        case when releases.identifiability = 'pseudonymised' then releases.smallest_group else 1 end
            as smallest_group,
        {{ integer_divide('least(people.age, 90)', 'steps.age_band_years') }} * steps.age_band_years
            as youngest
    from {{ ref('int_releases__people') }} as people
    inner join {{ ref('releases') }} as releases on people.release_id = releases.release_id
    cross join {{ ref('generalisation_steps') }} as steps

)

select
    release_id,
    patient_key,
    release_key,
    step,
    first_step,
    smallest_group,
    datasets_told,
    case
        when columns_asked not like '% age_band %' then null
        when youngest is null then 'unknown'
        when youngest + age_band_years > 90 then youngest || '+'
        else youngest || '-' || (youngest + age_band_years - 1)
    end as age_band,
    case
        when columns_asked not like '% sex %' then null
        when has_sex then coalesce(sex, 'unknown')
        else 'any'
    end as sex,
    case
        when columns_asked not like '% ethnicity %' then null
        when has_ethnicity then coalesce(ethnicity, 'unknown')
        else 'any'
    end as ethnicity,
    case
        when columns_asked not like '% area_code %' then null
        when area_level = 'lsoa' then coalesce(lsoa, 'unknown')
        when area_level = 'ccg' then coalesce(ccg_code, 'unknown')
        else 'ENGLAND'
    end as area_code,
    case when columns_asked like '% sexual_orientation %' then sexual_orientation end
        as sexual_orientation
from asked
order by patient_key, release_id, step
