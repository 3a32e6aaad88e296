with source as (

    select * from {{ source('hes', 'apc') }}

),

renamed as (

    select
        -- keys
        trim(epikey) as episode_key,
        {{ to_nhs_number('newnhsno') }} as nhs_number,
        coalesce(trim(newnhsno), '') <> '' as is_nhs_number_given,

        -- dates: 1800-01-01 stands for null, 1801-01-01 for invalid
        case
            when try_cast(admidate as date) > date '1801-01-01' then try_cast(admidate as date)
        end as admission_date,

        -- codes
        upper(trim(admimeth)) as admission_method,
        trim(admisorc) as admission_source,
        trim(classpat) as patient_class,
        trim(epistat) as episode_status,
        trim(epitype) as episode_type,
        trim(sex) as sex,
        upper(replace(trim(diag_4_01), '.', '')) as primary_diagnosis,
        upper(replace(replace(diag_4_concat, '.', ''), ' ', '')) as diagnoses,
        upper(replace(opertn_4_concat, ' ', '')) as procedures,

        -- measures
        try_cast(epiorder as integer) as episode_order,
        try_cast(try_cast(startage as double) as integer) as start_age

    from source

)

select * from renamed
