with permitted as (

    {{ exclude_opted_out(ref('int_journals__patients'), var('collection')) }}

)

select
    {{ pseudonymise('nhs_number') }} as patient_key,
    practice_code,
    cast(birth_year as smallint) as birth_year,
    sex,
    ethnicity,
    sexual_orientation,
    lsoa,
    cast(year(died_on) as smallint) as death_year,
    registered_on
from permitted
where
    scope_rule is null
    and not_collected_reason is null
order by patient_key, practice_code
