-- Where every readable row of the opt-out files went, by practice and the one rule that it met.

select
    practice_code,
    coalesce(number_rule, code_rule, date_rule, 'complete') as rule,
    count(*) as row_count
from {{ ref('int_opt_outs__judged') }}
group by all
order by 1, 2
