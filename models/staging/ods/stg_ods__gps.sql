with source as (

    select * from {{ source('ods', 'gps') }}

),

renamed as (

    select
        -- keys
        upper(trim(organisation_code)) as gp_code,
        upper(trim(parent_organisation_code)) as practice_code,

        -- dates
        cast(try_strptime(join_parent_date, '%Y%m%d') as date) as joined_date,
        cast(try_strptime(left_parent_date, '%Y%m%d') as date) as left_date,

        -- codes
        trim(name) as gp_name,
        trim(status_code) as status_code

    from source

)

select * from renamed
