with source as (

    select * from {{ source('landing', 'files') }}

),

renamed as (

    select
        -- keys
        file_kind,
        file_name,
        practice_code,

        -- dates
        extracted_at as extracted_at_text,
        {{ to_moment('extracted_at') }} as extracted_at,
        {{ is_unreadable_moment('extracted_at') }} as has_unreadable_moment,

        -- codes
        refused_rule,

        -- measures
        byte_count,
        row_count

    from source

)

select * from renamed
