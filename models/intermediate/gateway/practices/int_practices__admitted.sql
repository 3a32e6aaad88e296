with practice_codes as (

    select practice_code from {{ ref('int_ods__practices') }}
    union
    select practice_code from {{ ref('int_cqrs__participation') }}
    union
    select practice_code from {{ ref('int_practices__files') }}

)

select
    codes.practice_code,
    participation.status as participation_status,
    files.extracted_at,
    case when files.opt_outs_extracted_at is null then 'opt_out_extraction_unstated' end
        as opt_outs_rule,
    case
        when practices.practice_code is null then 'not_a_gp_practice'
        when
            coalesce(practices.status, '') <> 'active'
            or practices.close_date
            <= cast(coalesce(files.extracted_at, settings.collected_at) as date)
            or practices.open_date
            > cast(coalesce(files.extracted_at, settings.collected_at) as date)
            then 'not_open'
        when coalesce(participation.status, '') <> 'agreed' then 'not_agreed'
        when settings.wave is not null and waves.practice_code is null then 'not_in_wave'
        when files.practice_code is null then 'practice_file_missing'
        else files.file_problem
    end as not_collected_reason
from practice_codes as codes
cross join {{ ref('int_collection__settings') }} as settings
left join {{ ref('int_ods__practices') }} as practices
    on codes.practice_code = practices.practice_code
left join {{ ref('int_cqrs__participation') }} as participation
    on codes.practice_code = participation.practice_code
left join {{ ref('int_practices__files') }} as files
    on codes.practice_code = files.practice_code
left join {{ ref('collection_waves') }} as waves
    on
        settings.collection = waves.collection
        and settings.wave = waves.wave
        and codes.practice_code = waves.practice_code
order by codes.practice_code
