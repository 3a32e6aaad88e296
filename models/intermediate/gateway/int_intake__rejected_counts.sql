-- Everything that was sent and could not be used, by who sent it and the rule it broke.

with opt_out_rows as (

    select
        opt_outs.practice_code,
        coalesce(
            {{ nhs_number_rule(
                'opt_outs.nhs_number', 'opt_outs.is_nhs_number_given', 'folder.is_synthetic'
            ) }},
            case when codes.code is not null then codes.opt_out_kind || '_code_after_its_end' end
        ) as rule
    from {{ ref('stg_gpes__opt_outs') }} as opt_outs
    cross join {{ ref('stg_landing__folder') }} as folder
    left join {{ ref('opt_out_codes') }} as codes
        on
            opt_outs.code = codes.code
            and codes.valid_to < cast(opt_outs.effective_at as date)

),

hospital_rows as (

    select
        coalesce(
            {{ nhs_number_rule(
                'episodes.nhs_number', 'episodes.is_nhs_number_given', 'folder.is_synthetic'
            ) }},
            case when episodes.admission_date is null then 'admission_date_unknown' end
        ) as rule
    from {{ ref('stg_hes__apc_episodes') }} as episodes
    cross join {{ ref('stg_landing__folder') }} as folder

),

hospital_counts as (

    select
        rule,
        count(*) as row_count
    from hospital_rows
    group by rule

),

counted as (

    select
        practice_code,
        'practice_records' as file_kind,
        rule,
        row_count
    from {{ ref('int_intake__record_counts') }}
    where verdict = 'rejected'
    union all
    select
        practice_code,
        file_kind,
        refused_rule as rule,
        coalesce(row_count, 0) as row_count
    from {{ ref('stg_landing__files') }}
    where refused_rule is not null
    union all
    select
        practice_code,
        'opt_outs' as file_kind,
        rule,
        count(*) as row_count
    from opt_out_rows
    where rule is not null
    group by practice_code, rule
    union all
    select
        null as practice_code,
        'hes_apc' as file_kind,
        rule,
        row_count
    from hospital_counts
    where rule is not null
    union all
    select
        null as practice_code,
        'hes_apc' as file_kind,
        'unreadable_row' as rule,
        sum(row_count) as row_count
    from (
        select row_count
        from {{ ref('stg_landing__files') }}
        where file_kind = 'hes_apc' and refused_rule is null
        union all
        select -row_count as row_count
        from hospital_counts
    ) as sent_less_read

)

select
    practice_code,
    file_kind,
    rule,
    cast(sum(row_count) as bigint) as row_count
from counted
where row_count > 0 or file_kind <> 'hes_apc'
group by practice_code, file_kind, rule
order by practice_code, file_kind, rule
