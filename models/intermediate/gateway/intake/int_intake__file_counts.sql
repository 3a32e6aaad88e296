-- Every raw file as it arrived, and what became of its rows.

with judged as (

    select
        counts.file_name,
        rules.keeps_row as is_usable,
        counts.row_count
    from {{ ref('int_intake__row_counts') }} as counts
    left join {{ ref('intake_rules') }} as rules on counts.rule = rules.rule
    union all
    select
        files.file_name,
        counts.verdict <> 'rejected' as is_usable,
        counts.row_count
    from {{ ref('int_intake__record_counts') }} as counts
    inner join {{ ref('stg_landing__files') }} as files
        on
            counts.practice_code = files.practice_code
            and files.file_kind = 'practice_records'
            and files.refused_rule is null
    union all
    -- an emptied field is a row stored
    select
        files.file_name,
        counts.verdict = 'excluded'
        and coalesce(rules.counts_as, 'usable') <> 'unusable' as is_usable,
        counts.record_count as row_count
    from {{ ref('int_journals__removed_counts') }} as counts
    left join {{ ref('intake_rules') }} as rules on counts.reason = rules.rule
    inner join {{ ref('stg_landing__files') }} as files
        on
            counts.practice_code = files.practice_code
            and files.file_kind = 'journals'
            and files.refused_rule is null
    where counts.verdict <> 'emptied'
    union all
    select
        files.file_name,
        true as is_usable,
        count(*) as row_count
    from {{ ref('int_journals__records') }} as records
    inner join {{ ref('stg_landing__files') }} as files
        on
            records.practice_code = files.practice_code
            and files.file_kind = 'journals'
            and files.refused_rule is null
    group by files.file_name

),

counted as (

    select
        file_name,
        cast(sum(row_count) filter (where is_usable) as bigint) as usable_count,
        cast(sum(row_count) filter (where not is_usable) as bigint) as rejected_count
    from judged
    group by file_name

)

select
    files.file_kind,
    files.file_name,
    files.practice_code,
    files.refused_rule,
    {{ rounded_count('files.byte_count') }} as byte_count,
    {{ rounded_count('files.row_count') }} as row_count,
    case
        when files.refused_rule is null
            then {{ rounded_count('coalesce(counted.usable_count, 0)') }}
    end as usable_count,
    case
        when files.refused_rule is null
            then {{ rounded_count('coalesce(counted.rejected_count, 0)') }}
    end as rejected_count
from {{ ref('stg_landing__files') }} as files
left join counted on files.file_name = counted.file_name
order by files.file_kind, files.file_name
