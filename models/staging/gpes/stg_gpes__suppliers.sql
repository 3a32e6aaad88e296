with source as (

    select * from {{ source('gpes', 'suppliers') }}

),

renamed as (

    select
        upper({{ trimmed('practice_code') }}) as practice_code,
        upper({{ trimmed('gp_system_supplier') }}) as gp_system_supplier

    from source

)

select * from renamed
