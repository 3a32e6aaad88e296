-- How many people's records say that they object, at each practice that sent anything: to compare
-- with the practice's previous extract.

with practices_that_sent as (

    select
        practice_code,
        count(*) filter (where file_kind = 'opt_outs' and refused_rule is null) as file_count
    from {{ ref('stg_landing__files') }}
    where practice_code is not null
    group by practice_code

),

kinds as (

    select distinct opt_out_kind from {{ ref('opt_out_codes') }}

),

suppliers as (

    {{ suppliers_of_practices() }}

)

select
    sent.practice_code,
    suppliers.gp_system_supplier,
    kinds.opt_out_kind,
    sent.file_count > 0 as has_opt_out_file,
    count(opt_outs.nhs_number) as objector_count,
    settings.collected_at
from practices_that_sent as sent
cross join kinds
cross join {{ ref('int_collection__settings') }} as settings
left join suppliers
    on sent.practice_code = suppliers.practice_code
left join {{ ref('int_opt_outs__in_force') }} as opt_outs
    on
        sent.practice_code = opt_outs.practice_code
        and kinds.opt_out_kind = opt_outs.opt_out_kind
group by
    sent.practice_code,
    suppliers.gp_system_supplier,
    kinds.opt_out_kind,
    sent.file_count,
    settings.collected_at
order by sent.practice_code, kinds.opt_out_kind
