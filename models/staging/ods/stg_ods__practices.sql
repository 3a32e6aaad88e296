with source as (

    select * from {{ source('ods', 'practices') }}

),

renamed as (

    select
        -- keys
        upper({{ trimmed('organisation_code') }}) as practice_code,
        upper({{ trimmed('parent_organisation_code') }}) as ccg_code,

        -- dates
        {{ to_plausible_day('open_date') }} as open_date,
        {{ to_plausible_day('close_date') }} as close_date,
        {{ is_unreadable_day('open_date') }}
        or {{ is_unreadable_day('close_date') }} as has_unreadable_day,

        -- codes
        {{ trimmed('name') }} as practice_name,
        coalesce(upper({{ trimmed('status_code') }}), '') as status,
        {{ to_plain_code('prescribing_setting') }} as prescribing_setting

    from source

)

select * from renamed
