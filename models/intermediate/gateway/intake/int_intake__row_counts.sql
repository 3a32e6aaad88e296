-- Where every row of every file but the practice files went, by file and the one rule that it met.

with counted as (

    select
        files.file_name,
        coalesce(judged.number_rule, judged.code_rule, judged.date_rule, 'complete') as rule,
        count(*) as row_count
    from {{ ref('int_opt_outs__judged') }} as judged
    inner join {{ ref('stg_landing__files') }} as files
        on
            judged.practice_code = files.practice_code
            and files.file_kind = 'opt_outs'
            and files.refused_rule is null
    group by all
    union all
    select
        file_name,
        coalesce(
            rejected_rule,
            copy_rule,
            case
                when episode_key is null then 'episode_key_missing'
                when coalesce(primary_diagnosis, 'XXXX') = 'XXXX' then 'primary_diagnosis_missing'
            end,
            'complete'
        ) as rule,
        count(*) as row_count
    from {{ ref('int_hospital__episodes') }}
    group by all
    union all
    select
        file_name,
        coalesce(rejected_rule, 'complete') as rule,
        count(*) as row_count
    from {{ ref('int_social_care__judged') }}
    group by all
    union all
    select
        files.file_name,
        counts.rule,
        counts.row_count
    from {{ ref('int_intake__reference_counts') }} as counts
    inner join {{ ref('stg_landing__files') }} as files
        on
            counts.file_kind = files.file_kind
            and files.refused_rule is null

),

verdicts as (

    select
        files.file_kind,
        files.file_name,
        files.practice_code,
        counted.rule,
        counted.row_count
    from counted
    inner join {{ ref('stg_landing__files') }} as files
        on counted.file_name = files.file_name
    union all
    select
        files.file_kind,
        files.file_name,
        files.practice_code,
        'unreadable_row' as rule,
        files.row_count - coalesce(sum(counted.row_count), 0) as row_count
    from {{ ref('stg_landing__files') }} as files
    left join counted on files.file_name = counted.file_name
    where
        files.file_kind not in ('practice_records', 'journals')
        and files.refused_rule is null
    group by files.file_kind, files.file_name, files.practice_code, files.row_count

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
