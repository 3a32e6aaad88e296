with source as (

    select * from {{ source('cqrs', 'participation') }}

),

renamed as (

    select
        -- keys
        {{ bare_word('practice_code') }} as practice_code,
        -- senders write blanks, hyphens or underscores between its words
        {{ bare_word('service') }} as service,

        -- dates
        case
            when {{ to_plausible_day('status_date') }} not in ({{ placeholder_days() }})
                then {{ to_plausible_day('status_date') }}
        end as status_date,
        {{ is_unreadable_day('status_date') }} as has_unreadable_day,

        -- codes
        lower({{ trimmed('status') }}) as status

    from source

)

select * from renamed
