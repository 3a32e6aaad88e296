with source as (

    select * from {{ source('gpes', 'metric_flags') }}

),

renamed as (

    select
        metric_id,
        position as flag_position

    from source

)

select * from renamed
