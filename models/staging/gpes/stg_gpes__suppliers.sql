with source as (

    select * from {{ source('gpes', 'suppliers') }}

),

renamed as (

    select
        upper(trim(practice_code)) as practice_code,
        upper(trim(gp_system_supplier)) as gp_system_supplier

    from source

)

select * from renamed
