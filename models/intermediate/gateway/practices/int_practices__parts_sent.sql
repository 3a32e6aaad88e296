-- How much the practice files hold, and by which rule it is unusable: of their rows, and of the
-- values of each metric. A metric that is left empty is no value.

with flags as (

    select
        practice_code,
        metric_flags,
        count(*) as value_count
    from {{ ref('int_patients__sent') }}
    where rejected_rule is null
    group by practice_code, metric_flags

),

parts as (

    select
        practice_code,
        'rows' as part,
        coalesce(rejected_rule, 'complete') as rule,
        row_count as value_count
    from {{ ref('int_patients__sent') }}
    union all
    select
        flags.practice_code,
        metrics.metric_id as part,
        case
            when substr(flags.metric_flags, metrics.flag_position, 1) = '?'
                then 'metric_value_unknown'
            else 'complete'
        end as rule,
        flags.value_count
    from flags
    cross join {{ ref('stg_gpes__metric_flags') }} as metrics
    where substr(flags.metric_flags, metrics.flag_position, 1) in ('y', 'n', '?')

),

unread as (

    select
        files.practice_code,
        'rows' as part,
        'unreadable_row' as rule,
        files.row_count - coalesce(sum(parts.value_count), 0) as value_count
    from {{ ref('stg_landing__files') }} as files
    left join parts
        on
            files.practice_code = parts.practice_code
            and parts.part = 'rows'
    where
        files.file_kind = 'practice_records'
        and files.refused_rule is null
    group by files.practice_code, files.row_count

),

all_parts as (

    select * from parts
    union all
    select * from unread

)

select
    practice_code,
    part,
    rule,
    cast(sum(value_count) as bigint) as value_count
from all_parts
where value_count > 0
group by practice_code, part, rule
