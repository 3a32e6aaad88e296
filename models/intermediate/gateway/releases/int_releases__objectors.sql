-- Who objects now, and how: at a practice, or nationally by the latest reply that stands.

select distinct
    opt_out_kind,
    nhs_number
from {{ ref('int_opt_outs__in_force') }}
union all
select distinct
    'national' as opt_out_kind,
    lines.nhs_number
from {{ ref('int_ndop__lines') }} as lines
inner join {{ ref('int_ndop__exchanges') }} as exchanges
    on lines.subject = exchanges.subject
where
    lines.is_asked
    and lines.line_count = 0
    and exchanges.is_latest
    and exchanges.problem is null
