-- Every row of the practice files, looked at by itself: usable, or rejected by the first rule it
-- breaks.

select
    records.practice_code,
    records.nhs_number,
    records.usual_gp_code,
    records.metric_flags,
    case
        when coalesce(records.stated_practice_code, '') <> records.practice_code
            then 'practice_code_differs_from_file'
        when {{ is_another_moment('records.extracted_at_text', 'files') }}
            then 'extracted_at_differs_within_file'
        else {{ nhs_number_rule(
            'records.nhs_number', 'records.nhs_number_spelling_rule', 'folder.is_synthetic'
        ) }}
    end as rejected_rule
from {{ ref('stg_gpes__practice_records') }} as records
cross join {{ ref('stg_landing__folder') }} as folder
left join {{ ref('stg_landing__files') }} as files
    on
        records.practice_code = files.practice_code
        and files.file_kind = 'practice_records'
        and files.refused_rule is null
