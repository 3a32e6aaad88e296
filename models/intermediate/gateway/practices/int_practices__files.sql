-- What each practice sent: its practice file and its opt-out file, as found and as read. Where the
-- senders list when they extracted the opt-outs, every practice has to be on that list.

with opt_outs_read as (

    select
        practice_code,
        count(*) as row_count,
        count(*) filter (where may_be_anybodys) as unreadable_count,
        count(*) filter (where is_of_another_practice) as others_count
    from {{ ref('int_opt_outs__judged') }}
    group by practice_code

),

-- none, unless a row of the register accepts some
accepted as (

    select coalesce(max(rows_accepted), 0) as row_count
    from {{ ref('int_opt_outs__excepted') }}
    where opt_out_kind = 'unreadable'

),

-- one row, also where there is no list
extraction_list as (

    select coalesce(bool_or(file_kind = 'opt_out_extractions'), false) as is_sent
    from {{ ref('stg_landing__files') }}

),

extractions as (

    select
        practice_code,
        -- of two moments the earlier may be the file's; one that cannot be read may be any
        case when count(*) = count(extracted_at) then min(extracted_at) end as extracted_at
    from {{ ref('stg_gpes__opt_out_extractions') }}
    group by practice_code

),

mostly_unusable as (

    select distinct practice_code from {{ ref('int_practices__mostly_unusable') }}

),

files as (

    select
        practice_code,
        max(extracted_at) filter (where file_kind <> 'opt_outs') as extracted_at,
        coalesce(bool_or(has_unreadable_moment), false) as has_unreadable_moment,
        min(coalesce(refused_rule, '')) filter (where file_kind <> 'opt_outs') as file_rule,
        min(coalesce(refused_rule, '')) filter (where file_kind = 'opt_outs') as opt_out_file_rule,
        max(row_count) filter (where file_kind = 'opt_outs') as opt_out_row_count
    from {{ ref('stg_landing__files') }}
    where practice_code is not null
    group by practice_code

)

select
    files.practice_code,
    files.extracted_at,
    extractions.extracted_at as opt_outs_extracted_at,
    case
        when files.file_rule is null then 'practice_file_missing'
        when files.file_rule <> '' then 'practice_file_refused'
        when files.extracted_at is null and not files.has_unreadable_moment
            then 'extraction_moment_unknown'
        when files.extracted_at is null then 'extraction_moment_unreadable'
        when files.extracted_at > settings.collected_at then 'extracted_after_collection'
        -- whoever objected or left since is not known to it
        when
            {{ days_between(
                'cast(files.extracted_at as date)', 'cast(settings.collected_at as date)'
            ) }} > limits.value
            then 'extracted_long_before'
        when mostly_unusable.practice_code is not null then 'practice_file_mostly_unusable'
        when files.opt_out_file_rule is null then 'opt_out_file_missing'
        when files.opt_out_file_rule <> '' then 'opt_out_file_refused'
        -- a line that cannot be read may be somebody's objection
        when files.opt_out_row_count <> coalesce(opt_outs_read.row_count, 0)
            then 'opt_out_file_damaged'
        when opt_outs_read.others_count * 2 > opt_outs_read.row_count
            then 'opt_out_file_of_another_practice'
        when opt_outs_read.unreadable_count > accepted.row_count
            then 'opt_out_numbers_unreadable'
        when
            extraction_list.is_sent
            and coalesce(extractions.extracted_at > settings.collected_at, true)
            then 'opt_out_extraction_unknown'
        when extractions.extracted_at < files.extracted_at then 'opt_out_file_older'
    end as file_problem
from files
left join opt_outs_read on files.practice_code = opt_outs_read.practice_code
left join extractions on files.practice_code = extractions.practice_code
left join mostly_unusable on files.practice_code = mostly_unusable.practice_code
cross join accepted
cross join extraction_list
cross join {{ ref('int_collection__settings') }} as settings
inner join {{ ref('reconciliation_rules') }} as limits
    on limits.rule = 'extracted_days_before_at_most'
