with source as (

    -- what is asked of more than once below is read once: these files are long
    select
        *,
        {{ to_nhs_number('nhs_number') }} as plain_number,
        {{ to_plausible_day('date_of_death') }} as day_of_death,
        {{ to_plausible_day('registered_on') }} as day_registered,
        {{ to_plausible_day('deregistered_on') }} as day_deregistered
    from {{ source('gpes', 'journals') }}

),

renamed as (

    select
        -- keys
        source.file_practice_code as practice_code,
        {{ trimmed('practice') }} as stated_practice_code,
        source.plain_number as nhs_number,
        {{ nhs_number_spelling_rule('nhs_number', 'source.plain_number') }}
            as nhs_number_spelling_rule,

        -- dates: of the day of birth only the year leaves staging
        source.processed_timestamp as extracted_at_text,
        {{ to_birth_year('date_of_birth') }} as birth_year,
        coalesce({{ trimmed('date_of_birth') }}, '') <> '' as has_birth_date,
        source.day_of_death as died_on,
        source.day_registered as registered_on,
        source.day_deregistered as deregistered_on,
        {{ is_unreadable_day('date_of_death', 'day_of_death', none_pattern=no_end_pattern()) }}
        or {{ is_unreadable_day('registered_on', 'day_registered') }}
        or {{ is_unreadable_day(
            'deregistered_on', 'day_deregistered', none_pattern=no_end_pattern()
        ) }} as has_unreadable_day,
        {{ to_plausible_day('source.date') }} as recorded_on,
        {{ to_plausible_day('record_date') }} as entered_on,

        -- codes: nothing of the postcode; an LSOA is one of England or Wales, or nothing
        coalesce({{ to_plain_code('sex') }}, '') as sex,
        coalesce(upper({{ trimmed('ethnic') }}), '') as ethnicity,
        coalesce({{ to_plain_code('sexual_orientation') }}, '') as sexual_orientation,
        case
            when {{ full_match('upper(' ~ trimmed('lsoa') ~ ')', '[EW]01[0-9]{6}') }}
                then upper({{ trimmed('lsoa') }})
        end as lsoa,
        coalesce({{ trimmed('lsoa') }}, '') <> '' as has_lsoa,
        coalesce(lower({{ trimmed('category') }}), '') as category,
        coalesce({{ trimmed('code') }}, '') as code,
        coalesce(upper({{ trimmed('staff_role') }}), '') as staff_role,

        -- measures, as text until it is known that they are numbers
        {{ to_measured_value('value1_condition') }} as value_1,
        {{ to_measured_value('value2_condition') }} as value_2,
        coalesce({{ trimmed('value1_condition') }}, '') <> '' as has_value_1,
        coalesce({{ trimmed('value2_condition') }}, '') <> '' as has_value_2

    from source

)

select * from renamed
