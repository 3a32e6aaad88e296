with source as (

    select * from {{ source('ods', 'gps') }}

),

renamed as (

    select
        -- keys
        upper(trim(organisation_code)) as gp_code,
        upper(trim(parent_organisation_code)) as practice_code,

        -- dates
        {{ to_plausible_day('join_parent_date') }} as joined_date,
        {{ to_plausible_day('left_parent_date') }} as left_date,

        -- codes
        trim(name) as gp_name,
        trim(status_code) as status_code

    from source

)

select * from renamed
