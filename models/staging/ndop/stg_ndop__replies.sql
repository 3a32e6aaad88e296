with source as (

    select * from {{ source('ndop', 'replies') }}

),

renamed as (

    select
        -- keys
        subject,
        case
            when {{ full_match('line', '[0-9]{10},') }} then try_cast(left(line, 10) as bigint)
        end as nhs_number

    from source

)

select * from renamed
