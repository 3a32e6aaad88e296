with source as (

    select * from {{ source('landing', 'folder') }}

),

renamed as (

    select is_synthetic from source

)

select * from renamed
