with source as (

    select * from {{ source('gpes', 'opt_out_extractions') }}

),

renamed as (

    select
        -- keys
        upper({{ trimmed('practice_code') }}) as practice_code,

        -- dates
        {{ to_moment('extracted_at') }} as extracted_at,
        {{ is_unreadable_moment('extracted_at') }} as has_unreadable_moment

    from source

)

select * from renamed
