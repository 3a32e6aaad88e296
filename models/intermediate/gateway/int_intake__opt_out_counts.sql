-- Where every readable row of the opt-out files went, by practice and the one rule that it met.

select
    opt_outs.practice_code,
    coalesce(
        {{ nhs_number_rule(
            'opt_outs.nhs_number', 'opt_outs.nhs_number_spelling_rule', 'folder.is_synthetic'
        ) }},
        case
            when codes.code is null then 'opt_out_code_unknown'
            when cast(opt_outs.effective_at as date) > codes.valid_to
                then codes.opt_out_kind || '_code_after_its_end'
            when
                codes.meaning = 'withdrawal'
                and coalesce(opt_outs.code_scheme, '') <> codes.code_scheme
                then 'withdrawal_in_another_scheme'
        end,
        'complete'
    ) as rule,
    count(*) as row_count
from {{ ref('int_opt_outs__rows') }} as opt_outs
cross join {{ ref('stg_landing__folder') }} as folder
left join {{ ref('opt_out_codes') }} as codes
    on opt_outs.code = codes.code
group by all
order by 1, 2
