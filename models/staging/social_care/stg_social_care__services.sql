with source as (

    select
        *,
        {{ to_nhs_number('nhs_number') }} as plain_number
    from {{ source('social_care', 'services') }}

),

renamed as (

    select
        -- keys
        file_name,
        plain_number as nhs_number,
        {{ nhs_number_spelling_rule('nhs_number', 'plain_number') }} as nhs_number_spelling_rule,

        -- dates
        {{ to_plausible_day('started_on') }} as started_on,
        {{ to_plausible_day('ended_on') }} as ended_on,
        {{ is_unreadable_day('ended_on', none_pattern=no_end_pattern()) }} as has_unreadable_day,

        -- codes
        lower({{ trimmed('service') }}) as service

    from source

)

select * from renamed
