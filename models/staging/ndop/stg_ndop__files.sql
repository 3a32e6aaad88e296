with source as (

    select * from {{ source('ndop', 'files') }}

),

renamed as (

    select
        -- keys
        subject,

        -- dates
        sent_date,

        -- codes
        direction,
        sequence_number,
        refused_rule,

        -- measures
        line_count

    from source

)

select * from renamed
