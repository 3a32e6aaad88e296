-- What each practice sent: its practice file and its opt-out file, as found and as read.
-- Whether the opt-out file is older than the practice file is not judged: it does not say when it
-- was extracted. Its latest RECORDED_AT says that it is no older than that, and not how much newer;
-- a practice where nobody objected lately, or ever, would be refused.

with opt_outs_read as (

    select
        practice_code,
        count(*) as row_count
    from {{ ref('stg_gpes__opt_outs') }}
    group by practice_code

),

files as (

    select
        practice_code,
        max(extracted_at) filter (where file_kind = 'practice_records') as extracted_at,
        max(extracted_at_text) filter (where file_kind = 'practice_records') as extracted_at_text,
        min(coalesce(refused_rule, '')) filter (where file_kind = 'practice_records') as file_rule,
        min(coalesce(refused_rule, '')) filter (where file_kind = 'opt_outs') as opt_out_file_rule,
        max(row_count) filter (where file_kind = 'opt_outs') as opt_out_row_count
    from {{ ref('stg_landing__files') }}
    where practice_code is not null
    group by practice_code

)

select
    files.practice_code,
    files.extracted_at,
    files.extracted_at_text,
    case
        when files.file_rule is null then 'practice_file_missing'
        when files.file_rule <> '' then 'practice_file_refused'
        when files.extracted_at is null then 'extraction_moment_unknown'
        when files.extracted_at > settings.collected_at then 'extracted_after_collection'
        when files.opt_out_file_rule is null then 'opt_out_file_missing'
        when files.opt_out_file_rule <> '' then 'opt_out_file_refused'
        -- a line that cannot be read may be somebody's objection
        when files.opt_out_row_count <> coalesce(opt_outs_read.row_count, 0)
            then 'opt_out_file_damaged'
    end as file_problem
from files
left join opt_outs_read on files.practice_code = opt_outs_read.practice_code
cross join {{ ref('int_collection__settings') }} as settings
