with source as (

    select * from {{ source('ods', 'gps') }}

),

renamed as (

    select
        -- keys
        upper({{ trimmed('organisation_code') }}) as gp_code,
        upper({{ trimmed('parent_organisation_code') }}) as practice_code,

        -- dates
        {{ to_plausible_day('join_parent_date') }} as joined_date,
        {{ to_plausible_day('left_parent_date') }} as left_date,
        {{ is_unreadable_day('join_parent_date') }}
        or {{ is_unreadable_day('left_parent_date') }} as has_unreadable_day,

        -- codes
        {{ trimmed('name') }} as gp_name,
        coalesce(upper({{ trimmed('status_code') }}), '') as status

    from source

)

select * from renamed
