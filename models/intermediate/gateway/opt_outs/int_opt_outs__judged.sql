-- Every row of the opt-out files, looked at by itself: whose it is, what it says, and what is wrong
-- with it. The files hold objections and nothing else: a row is one unless it is known to be a
-- withdrawal, of every kind where its code is not known, and may be anybody's where its number
-- cannot be read. A day from before anybody could object stands for none.

with first_days as (

    select value as first_year
    from {{ ref('reconciliation_rules') }}
    where rule = 'objections_from_year'

),

numbered as (

    select
        opt_outs.*,
        {{ nhs_number_rule(
            'opt_outs.nhs_number', 'opt_outs.nhs_number_spelling_rule', 'folder.is_synthetic'
        ) }} as number_rule
    from {{ ref('stg_gpes__opt_outs') }} as opt_outs
    cross join {{ ref('stg_landing__folder') }} as folder

),

coded as (

    select
        numbered.practice_code,
        numbered.file_row,
        numbered.nhs_number,
        case
            when year(cast(numbered.effective_at as date)) >= first_days.first_year
                then numbered.effective_at
        end as effective_at,
        numbered.recorded_at,
        numbered.number_rule,
        codes.opt_out_kind,
        coalesce(codes.meaning, 'dissent') as meaning,
        coalesce(numbered.stated_practice_code <> numbered.practice_code, false)
            as is_of_another_practice,
        case
            when codes.code is null then 'opt_out_code_unknown'
            when cast(numbered.effective_at as date) > codes.valid_to
                then codes.opt_out_kind || '_code_after_its_end'
            when
                codes.meaning = 'withdrawal'
                and coalesce(numbered.code_scheme, '') <> codes.code_scheme
                then 'withdrawal_in_another_scheme'
            when
                codes.meaning = 'withdrawal'
                and numbered.stated_practice_code <> numbered.practice_code
                then 'withdrawal_of_another_practice'
        end as code_rule,
        case
            when
                numbered.has_unreadable_moment
                or year(cast(numbered.effective_at as date)) < first_days.first_year
                then 'opt_out_date_unreadable'
        end as date_rule
    from numbered
    cross join first_days
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
