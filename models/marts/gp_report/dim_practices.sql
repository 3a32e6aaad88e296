select
    collected.practice_code,
    practices.practice_name,
    practices.ccg_code,
    collected.gp_system_supplier,
    collected.participation_status,
    collected.extracted_at,
    collected.not_collected_reason is null as is_collected,
    collected.not_collected_reason
from {{ ref('int_practices__collected') }} as collected
left join {{ ref('int_ods__practices') }} as practices
    on collected.practice_code = practices.practice_code
order by collected.practice_code
