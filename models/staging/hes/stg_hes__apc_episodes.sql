with source as (

    -- what is asked of more than once below is read once: these files are long
    select
        *,
        {{ to_nhs_number('newnhsno') }} as plain_number,
        {{ to_plausible_day('admidate', day_first=true) }} as admission_date,
        {{ to_plausible_day('disdate', day_first=true) }} as discharge_date,
        {{ without_marks('diag_4_01') }} as diagnosis,
        {{ without_marks('opertn_4_concat') }} as procedures
    from {{ source('hes', 'apc') }}

),

renamed as (

    select
        -- keys
        {{ to_episode_key('epikey') }} as episode_key,
        {{ episode_key_rule('epikey') }} as episode_key_rule,
        plain_number as nhs_number,
        file_name,
        {{ nhs_number_spelling_rule('newnhsno', 'plain_number') }} as nhs_number_spelling_rule,
        -- the provider; what follows is the site, or who sent the data
        nullif(substr(upper({{ trimmed('procode') }}), 1, 3), '') as provider_code,

        -- dates: 1800-01-01 stands for null, 1801-01-01 for invalid, both earlier than is plausible
        admission_date,
        {{ is_unreadable_day('admidate', 'admission_date', true, ['1800-01-01', '1801-01-01']) }}
            as has_unreadable_admission,
        discharge_date,
        {{ is_unreadable_day(
            'disdate', 'discharge_date', true, ['1800-01-01', '1801-01-01'], no_end_pattern()
        ) }} as has_unreadable_discharge,

        -- codes
        {{ to_plain_code('admimeth') }} as admission_method,
        {{ to_plain_code('admisorc') }} as admission_source,
        {{ to_plain_code('classpat') }} as patient_class,
        {{ to_plain_code('epistat') }} as episode_status,
        {{ to_plain_code('epitype') }} as episode_type,
        {{ to_plain_code('epiorder') }} as episode_order,
        {{ to_plain_code('sex') }} as sex,
        {{ to_plain_code('mainspef') }} as main_specialty,
        -- only whether a birth month is known leaves staging, never which
        case
            when coalesce({{ trimmed('mydob') }}, '') in ('', '011800', '011900', '011901')
                then 'unknown'
            else 'known'
        end as birth_month_kind,
        -- X fills the place that ICD-10 leaves empty; a letter there is a sender's mark
        rpad(
            case
                when substr(diagnosis, 4, 1) between 'A' and 'Z' then substr(diagnosis, 1, 3)
                else diagnosis
            end, 4, 'X'
        ) as primary_diagnosis,
        {{ without_marks('diag_4_concat') }} as diagnoses,
        case when procedures = '' then '-' else procedures end as procedures,

        -- measures: years, or 7001 to 7007 for infants in bands of days
        case
            when {{ to_measured_value('startage') }} between 0 and 120 then 'years'
            when {{ to_measured_value('startage') }} between 7001 and 7007 then 'infant'
            when {{ trimmed('startage') }} <> '' then 'unknown'
        end as age_kind

    from source

)

select * from renamed
