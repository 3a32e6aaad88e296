-- Where every readable row of the files went that concern all practices, by kind of file and the
-- one rule that it met. Answers about other collections, and other organisations than practices and
-- their GPs, are passed over.

{% set own = bare_word('settings.cqrs_service') -%}

with judged as (

    select
        'cqrs_participation' as file_kind,
        case
            when
                not {{ is_practice_code("coalesce(practice_code, '')") }}
                and {{ may_be_service('answers.service', own) }}
                and coalesce(answers.status, '') not in ('offered', 'agreed')
                then 'answer_of_nobody_known'
            when not {{ is_practice_code("coalesce(practice_code, '')") }}
                then 'practice_code_malformed'
            when
                coalesce(answers.service, '') <> {{ own }}
                and {{ may_be_service('answers.service', own) }}
                and coalesce(answers.status, '') not in ('offered', 'agreed')
                then 'participation_service_unknown'
            when coalesce(answers.service, '') <> {{ own }}
                then 'other_service'
            when coalesce(answers.status, '') not in ('offered', 'agreed', 'declined', 'withdrawn')
                then 'participation_status_unknown'
            when answers.has_unreadable_day then 'participation_day_unreadable'
            when answers.status_date is null then 'participation_undated'
            else 'complete'
        end as rule
    from {{ ref('stg_cqrs__participation') }} as answers
    cross join {{ ref('int_collection__settings') }} as settings
    union all
    select
        'opt_out_extractions' as file_kind,
        case
            when not {{ is_practice_code("coalesce(practice_code, '')") }}
                then 'practice_code_malformed'
            when extracted_at is null and not has_unreadable_moment
                then 'opt_out_extraction_undated'
            when extracted_at is null then 'opt_out_extraction_unreadable'
            else 'complete'
        end as rule
    from {{ ref('stg_gpes__opt_out_extractions') }}
    union all
    select
        'suppliers' as file_kind,
        case
            when not {{ is_practice_code("coalesce(practice_code, '')") }}
                then 'practice_code_malformed'
            when gp_system_supplier <> '' and {{ plain_name('gp_system_supplier') }} is null
                then 'name_withheld'
            else 'complete'
        end as rule
    from {{ ref('stg_gpes__suppliers') }}
    union all
    select
        'ods_practices' as file_kind,
        case
            when
                settings.meaning = 'gp_practice'
                and not {{ is_practice_code("coalesce(practice_code, '')") }}
                then 'practice_code_malformed'
            when
                settings.word is null
                and {{ is_practice_code("coalesce(practice_code, '')") }}
                then 'prescribing_setting_unknown'
            when coalesce(settings.meaning, '') <> 'gp_practice' then 'other_organisation'
            when statuses.word is null or statuses.meaning = 'retired'
                then 'organisation_status_unknown'
            when practices.has_unreadable_day then 'organisation_day_unreadable'
            when
                practices.practice_name <> ''
                and {{ plain_name('practices.practice_name') }} is null
                then 'name_withheld'
            else 'complete'
        end as rule
    from {{ ref('stg_ods__practices') }} as practices
    left join {{ ref('organisation_words') }} as settings
        on practices.prescribing_setting = settings.word and settings.word_kind = 'setting'
    left join {{ ref('organisation_words') }} as statuses
        on practices.status = statuses.word and statuses.word_kind = 'status'
    union all
    select
        'ods_gps' as file_kind,
        case
            when
                defaults.code is null
                and not (
                    {{ full_match("coalesce(gps.gp_code, '')", 'G[0-9]{7}') }}
                    and {{ is_practice_code("coalesce(gps.practice_code, '')") }}
                )
                then 'other_organisation'
            when defaults.code is null and statuses.word is null
                then 'organisation_status_unknown'
            when defaults.code is null and gps.has_unreadable_day
                then 'organisation_day_unreadable'
            when defaults.code is null and not {{ is_gp_code('gps.gp_code') }}
                then 'gp_code_malformed'
            when defaults.code is not null then 'gp_default_code'
            when
                gps.gp_name <> ''
                and {{ plain_name('gps.gp_name') }} is null
                then 'name_withheld'
            else 'complete'
        end as rule
    from {{ ref('stg_ods__gps') }} as gps
    left join {{ ref('default_codes') }} as defaults
        on gps.gp_code = defaults.code
    left join {{ ref('organisation_words') }} as statuses
        on gps.status = statuses.word and statuses.word_kind = 'status'

)

select
    file_kind,
    rule,
    count(*) as row_count
from judged
group by file_kind, rule
order by file_kind, rule
