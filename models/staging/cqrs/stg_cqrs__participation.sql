with source as (

    select * from {{ source('cqrs', 'participation') }}

),

renamed as (

    select
        -- keys
        upper({{ trimmed('practice_code') }}) as practice_code,
        -- as senders write it, with blanks or hyphens between its words
        upper(replace(replace({{ trimmed('service') }}, ' ', '_'), '-', '_')) as service,

        -- dates
        {{ to_plausible_day('status_date') }} as status_date,
        {{ is_unreadable_day('status_date') }} as has_unreadable_day,

        -- codes
        lower({{ trimmed('status') }}) as status

    from source

)

select * from renamed
