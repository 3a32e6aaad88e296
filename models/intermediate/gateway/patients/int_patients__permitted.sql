with permitted as (

    {{ exclude_opted_out(ref('int_patients__judged'), var('collection')) }}

)

select
    {{ pseudonymise('nhs_number') }} as patient_key,
    practice_code,
    gp_code,
    replace(metric_flags, '?', '-') as metric_flags
from permitted
where
    rejected_rule is null
    and not_collected_reason is null
order by patient_key, practice_code
