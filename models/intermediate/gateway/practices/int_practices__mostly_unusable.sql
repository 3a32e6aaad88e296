-- Practice files of which more is unusable than is tolerated, one row a practice and part of the
-- file: its rows, or the values of a metric. A metric that is left empty is no value.

with metrics as (

    {{ flag_positions() }}

),

-- few patterns of flags are many people's, so people are grouped before anything is asked of them
flag_groups as (

    select
        practice_code,
        rejected_rule,
        metric_flags,
        cast(sum(row_count) as bigint) as row_count,
        count(*) as person_count
    from {{ ref('int_patients__sent') }}
    group by practice_code, rejected_rule, metric_flags

),

read as (

    select
        practice_code,
        'rows' as part,
        coalesce(rejected_rule, 'complete') as rule,
        row_count as value_count
    from flag_groups
    union all
    select
        flag_groups.practice_code,
        metrics.metric_id as part,
        case
            when substr(flag_groups.metric_flags, metrics.flag_position, 1) = '?'
                then 'metric_value_unknown'
            else 'complete'
        end as rule,
        flag_groups.person_count as value_count
    from flag_groups
    cross join metrics
    where
        flag_groups.rejected_rule is null
        and substr(flag_groups.metric_flags, metrics.flag_position, 1) in ('y', 'n', '?')

),

read_and_unread as (

    select * from read
    union all
    select
        files.practice_code,
        'rows' as part,
        'unreadable_row' as rule,
        files.row_count - coalesce(sum(read.value_count), 0) as value_count
    from {{ ref('stg_landing__files') }} as files
    left join read
        on
            files.practice_code = read.practice_code
            and read.part = 'rows'
    where
        files.file_kind = 'practice_records'
        and files.refused_rule is null
    group by files.practice_code, files.row_count

),

parts as (

    select
        practice_code,
        part,
        rule,
        cast(sum(value_count) as bigint) as value_count
    from read_and_unread
    where value_count > 0
    group by practice_code, part, rule

),

shares as (

    {{ mostly_unusable('parts') }}

)

select
    practice_code,
    part,
    worst_rule
from shares
