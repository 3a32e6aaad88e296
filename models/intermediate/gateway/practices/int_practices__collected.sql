-- What became of each practice that was asked or sent anything. How much of a journal can be used
-- is known only once its rows have been judged, and those of an admitted practice are.

with suppliers as (

    {{ suppliers_of_practices() }}

)

select
    admitted.practice_code,
    suppliers.gp_system_supplier,
    admitted.participation_status,
    admitted.extracted_at,
    admitted.opt_outs_rule,
    coalesce(
        admitted.not_collected_reason,
        case when unusable.practice_code is not null then 'practice_file_mostly_unusable' end
    ) as not_collected_reason
from {{ ref('int_practices__admitted') }} as admitted
left join {{ ref('int_journals__mostly_unusable') }} as unusable
    on admitted.practice_code = unusable.practice_code
left join suppliers
    on admitted.practice_code = suppliers.practice_code
order by admitted.practice_code
