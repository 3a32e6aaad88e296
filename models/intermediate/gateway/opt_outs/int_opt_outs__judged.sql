-- Every row of the opt-out files, looked at by itself: whose it is, what it says, and what is wrong
-- with it. The files hold objections and nothing else: a row is one unless it is known to be a
-- withdrawal, of every kind where its code is not known, and may be anybody's where its number
-- cannot be read.

with numbered as (

    select
        opt_outs.*,
        {{ nhs_number_rule(
            'opt_outs.nhs_number',
            'case when opt_outs.nhs_number is null then opt_outs.nhs_number_spelling_rule end',
            'folder.is_synthetic'
        ) }} as number_rule
    from {{ ref('stg_gpes__opt_outs') }} as opt_outs
    cross join {{ ref('stg_landing__folder') }} as folder

),

coded as (

    select
        numbered.practice_code,
        numbered.file_row,
        numbered.nhs_number,
        numbered.effective_at,
        numbered.recorded_at,
        numbered.number_rule,
        codes.opt_out_kind,
        coalesce(codes.meaning, 'dissent') as meaning,
        case
            when codes.code is null then 'opt_out_code_unknown'
            when cast(numbered.effective_at as date) > codes.valid_to
                then codes.opt_out_kind || '_code_after_its_end'
            when
                codes.meaning = 'withdrawal'
                and coalesce(numbered.code_scheme, '') <> codes.code_scheme
                then 'withdrawal_in_another_scheme'
        end as code_rule,
        case when numbered.has_unreadable_moment then 'opt_out_date_unreadable' end as date_rule
    from numbered
    left join {{ ref('opt_out_codes') }} as codes
        on numbered.code = codes.code

)

select
    *,
    -- a number of another range is somebody's, if nobody's in these files
    meaning = 'dissent' and coalesce(
        number_rule not in (
            'nhs_number_test_range',
            'nhs_number_scottish',
            'nhs_number_northern_irish',
            'nhs_number_range_not_in_use'
        ), false
    ) as may_be_anybodys
from coded
