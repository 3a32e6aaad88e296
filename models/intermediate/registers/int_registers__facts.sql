-- What a patient's record says to a rule: when its clusters were first and last recorded, the last
-- value, and the same of the clusters that it compares them with. Of two values on the last day the
-- higher counts: no target is met by a choice between them.

with latest as (

    select
        *,
        max(case when is_in_time then recorded_on end) over (
            partition by
                register, target, rule_order, patient_key, practice_code, is_of_cluster
        ) as last_in_time_on
    from {{ ref('int_registers__records') }}

)

select
    register,
    target,
    rule_order,
    patient_key,
    practice_code,
    min(recorded_on) filter (where is_of_cluster) as first_ever_on,
    min(recorded_on) filter (where is_of_cluster and is_in_time) as first_on,
    max(recorded_on) filter (where is_of_cluster and is_in_time) as last_on,
    max(recorded_value) filter (where is_of_cluster and recorded_on = last_in_time_on)
        as last_value,
    max(recorded_on) filter (where not is_of_cluster and is_in_time) as other_last_on,
    max(recorded_value) filter (where not is_of_cluster and recorded_on = last_in_time_on)
        as other_last_value
from latest
group by register, target, rule_order, patient_key, practice_code
order by patient_key, practice_code, register, target, rule_order
