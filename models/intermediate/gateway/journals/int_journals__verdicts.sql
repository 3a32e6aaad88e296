-- What becomes of every row of the journals: stored, or not and why. The first rule that holds
-- stands: the row, the practice, the person's objection, the person's registration, the record.

select
    judged.practice_code,
    judged.nhs_number,
    judged.value_rule,
    judged.staff_role_rule,
    case
        when judged.rejected_rule is not null then 'rejected'
        when
            patients.not_collected_reason is null
            and opt_outs.nhs_number is null
            and patients.scope_rule is null
            and judged.record_rule is null
            then 'stored'
        else 'excluded'
    end as verdict,
    coalesce(
        judged.rejected_rule,
        patients.not_collected_reason,
        opt_outs.reason,
        patients.scope_rule,
        judged.record_rule
    ) as rule
from {{ ref('int_journals__judged') }} as judged
left join {{ ref('int_journals__patients') }} as patients
    on
        judged.practice_code = patients.practice_code
        and judged.nhs_number = patients.nhs_number
left join {{ ref('int_opt_outs__upheld') }} as opt_outs
    on
        judged.nhs_number = opt_outs.nhs_number
        and opt_outs.collection = '{{ var("collection") }}'
        and opt_outs.lifted_by is null
