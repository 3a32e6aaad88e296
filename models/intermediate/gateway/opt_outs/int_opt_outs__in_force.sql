-- Who objects, at each practice: the latest day decides, and whatever is unsure is an objection.

with kinds as (

    select distinct opt_out_kind from {{ ref('opt_out_codes') }}

),

histories as (

    select
        judged.nhs_number,
        judged.practice_code,
        kinds.opt_out_kind,
        judged.meaning,
        judged.opt_out_kind is not null as is_code_known,
        cast(judged.effective_at as date) as effective_date,
        -- NULL is not in time; least() passes over a practice without a moment of its own
        coalesce(
            judged.effective_at <= least(practices.extracted_at, settings.collected_at)
            and judged.recorded_at <= least(practices.extracted_at, settings.collected_at),
            false
        ) as is_in_time
    from {{ ref('int_opt_outs__judged') }} as judged
    cross join {{ ref('int_collection__settings') }} as settings
    -- a code that is not known may be of any kind
    inner join kinds
        on coalesce(judged.opt_out_kind, kinds.opt_out_kind) = kinds.opt_out_kind
    left join {{ ref('int_practices__admitted') }} as practices
        on judged.practice_code = practices.practice_code
    where
        judged.nhs_number is not null
        and coalesce(judged.code_rule, 'opt_out_code_unknown') = 'opt_out_code_unknown'

),

decided as (

    select
        nhs_number,
        practice_code,
        opt_out_kind,
        bool_or(is_code_known and meaning = 'dissent') as has_known_dissent,
        count(*) filter (where meaning = 'dissent' and effective_date is null) as undated_count,
        count(*) filter (where meaning = 'dissent' and not is_in_time) as future_count,
        max(effective_date) filter (where meaning = 'dissent') as dissent_date,
        max(effective_date) filter (where meaning = 'withdrawal' and is_in_time) as withdrawal_date
    from histories
    group by nhs_number, practice_code, opt_out_kind

),

reasoned as (

    select
        *,
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
    case when has_known_dissent then reason else 'unrecognised_code' end as reason
from reasoned
where reason is not null
