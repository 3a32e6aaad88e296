-- Which rows of its opt-out file a practice has to mend, since they may be anybody's objection: the
-- first ten that break a rule, by their place in the file. What they hold is not told.

with placed as (

    select
        practice_code,
        number_rule as rule,
        cast(file_row as integer) as file_row,
        rank() over (
            partition by practice_code, number_rule order by file_row nulls last
        ) as place
    from {{ ref('int_opt_outs__judged') }}
    where may_be_anybodys

)

select
    practice_code,
    rule,
    file_row
from placed
where place <= 10
order by practice_code, rule, file_row
