-- Rows that a practice has to mend before anybody of it is collected, with what is wrong and what
-- to do.

select
    to_mend.practice_code,
    'opt_outs' as file_kind,
    to_mend.rule,
    to_mend.file_row,
    rules.meaning,
    rules.what_to_do
from {{ ref('int_opt_outs__to_mend') }} as to_mend
inner join {{ ref('intake_rules') }} as rules on to_mend.rule = rules.rule
order by to_mend.practice_code, rules.rule_order, to_mend.file_row
