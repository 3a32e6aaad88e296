-- The people of each release, no group of them smaller than the release asks for: whoever stands in
-- a smaller one goes on to the next step of the hierarchy, and whoever does after the last is left
-- out.

with placed as (

    {{ placed_by_steps(ref('int_releases__stepped')) }}

)

select
    release_id,
    patient_key,
    release_key,
    smallest_group,
    case when is_placed then step end as step,
    case when is_placed then age_band end as age_band,
    case when is_placed then sex end as sex,
    case when is_placed then ethnicity end as ethnicity,
    case when is_placed then area_code end as area_code,
    case when is_placed then datasets_told end as datasets_told,
    case when is_placed then sexual_orientation end as sexual_orientation
from placed
order by patient_key, release_id
