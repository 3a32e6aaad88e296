-- Who objects, at each practice: the latest day decides, and whatever is unsure is an objection.

with histories as (

    select
        opt_outs.nhs_number,
        opt_outs.practice_code,
        codes.opt_out_kind,
        codes.meaning,
        cast(opt_outs.effective_at as date) as effective_date,
        -- NULL is not in time; least() passes over a practice without a moment of its own
        coalesce(
            opt_outs.effective_at <= least(practices.extracted_at, settings.collected_at)
            and opt_outs.recorded_at <= least(practices.extracted_at, settings.collected_at),
            false
        ) as is_in_time
    from {{ ref('int_opt_outs__rows') }} as opt_outs
    cross join {{ ref('int_collection__settings') }} as settings
    inner join {{ ref('opt_out_codes') }} as codes
        on
            opt_outs.code = codes.code
            -- a dissent under a wrong scheme is still a dissent
            and (opt_outs.code_scheme = codes.code_scheme or codes.meaning = 'dissent')
    left join {{ ref('int_practices__collected') }} as practices
        on opt_outs.practice_code = practices.practice_code
    where
        opt_outs.nhs_number is not null
        -- a code used after it ended is reported (int_intake__rejected_counts), not applied
        and coalesce(cast(opt_outs.effective_at as date) >= codes.valid_from, true)
        and coalesce(cast(opt_outs.effective_at as date) <= codes.valid_to, true)

),

decided as (

    select
        nhs_number,
        practice_code,
        opt_out_kind,
        count(*) filter (where meaning = 'dissent' and effective_date is null) as undated_count,
        count(*) filter (where meaning = 'dissent' and not is_in_time) as future_count,
        max(effective_date) filter (where meaning = 'dissent') as dissent_date,
        max(effective_date) filter (where meaning = 'withdrawal' and is_in_time) as withdrawal_date
    from histories
    group by nhs_number, practice_code, opt_out_kind

),

reasoned as (

    select
        nhs_number,
        practice_code,
        opt_out_kind,
        case
            when undated_count > 0 then 'undated_dissent'
            when future_count > 0 then 'future_dissent'
            when dissent_date = withdrawal_date then 'same_day_conflict'
            when dissent_date is not null and coalesce(dissent_date > withdrawal_date, true)
                then 'dissent'
        end as reason
    from decided

)

select
    nhs_number,
    practice_code,
    opt_out_kind,
    reason
from reasoned
where reason is not null
