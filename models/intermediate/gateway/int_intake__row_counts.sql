-- Where every row of the opt-out and hospital files went, by file and the one rule that it met.

with opt_out_rows as (

    select
        opt_outs.practice_code,
        coalesce(
            {{ nhs_number_rule(
                'opt_outs.nhs_number', 'opt_outs.nhs_number_spelling_rule', 'folder.is_synthetic'
            ) }},
            case when codes.code is not null then codes.opt_out_kind || '_code_after_its_end' end,
            'complete'
        ) as rule
    from {{ ref('stg_gpes__opt_outs') }} as opt_outs
    cross join {{ ref('stg_landing__folder') }} as folder
    left join {{ ref('opt_out_codes') }} as codes
        on
            opt_outs.code = codes.code
            and codes.valid_to < cast(opt_outs.effective_at as date)

),

episodes as (

    select
        file_name,
        episode_key,
        nhs_number,
        rejected_rule
    from {{ ref('int_episodes__judged') }}

),

-- Few episodes are there twice; only their rows are worth comparing.
repeated_keys as (

    select
        episode_key,
        count(distinct nhs_number) as person_count
    from episodes
    where rejected_rule is null
    group by episode_key
    having count(*) > 1

),

copies as (

    select
        episodes.file_name,
        repeated_keys.person_count,
        row_number() over (
            partition by episodes.episode_key order by episodes.file_name
        ) as copy_number
    from episodes
    inner join repeated_keys on episodes.episode_key = repeated_keys.episode_key
    where episodes.rejected_rule is null

),

repeated_rows as (

    select
        file_name,
        case when person_count > 1 then 'episode_of_two_people' else 'repeated_episode' end as rule
    from copies
    where person_count > 1 or copy_number > 1

),

counted as (

    select
        files.file_kind,
        files.file_name,
        files.practice_code,
        opt_out_rows.rule,
        count(*) as row_count
    from opt_out_rows
    inner join {{ ref('stg_landing__files') }} as files
        on
            opt_out_rows.practice_code = files.practice_code
            and files.file_kind = 'opt_outs'
            and files.refused_rule is null
    group by all
    union all
    select
        'hes_apc' as file_kind,
        file_name,
        null as practice_code,
        coalesce(rejected_rule, 'complete') as rule,
        count(*) as row_count
    from episodes
    group by all
    union all
    select
        'hes_apc' as file_kind,
        file_name,
        null as practice_code,
        rule,
        count(*) as row_count
    from repeated_rows
    group by all
    union all
    select
        'hes_apc' as file_kind,
        file_name,
        null as practice_code,
        'complete' as rule,
        -count(*) as row_count
    from repeated_rows
    group by all

),

unreadable as (

    select
        files.file_kind,
        files.file_name,
        files.practice_code,
        'unreadable_row' as rule,
        files.row_count - coalesce(sum(counted.row_count), 0) as row_count
    from {{ ref('stg_landing__files') }} as files
    left join counted on files.file_name = counted.file_name
    where files.file_kind in ('opt_outs', 'hes_apc') and files.refused_rule is null
    group by files.file_kind, files.file_name, files.practice_code, files.row_count

),

verdicts as (

    select * from counted
    union all
    select * from unreadable

)

select
    file_kind,
    file_name,
    practice_code,
    rule,
    cast(sum(row_count) as bigint) as row_count
from verdicts
group by file_kind, file_name, practice_code, rule
having sum(row_count) > 0
order by file_kind, file_name, rule
