with source as (

    select * from {{ source('hes', 'apc') }}

),

renamed as (

    select
        -- keys
        trim(epikey) as episode_key,
        {{ to_nhs_number('newnhsno') }} as nhs_number,
        file_name,
        {{ nhs_number_spelling_rule('newnhsno') }} as nhs_number_spelling_rule,

        -- dates: 1800-01-01 stands for null, 1801-01-01 for invalid, both earlier than is plausible
        {{ to_plausible_day('admidate', day_first=true) }} as admission_date,
        {{ to_plausible_day('disdate', day_first=true) }} as discharge_date,

        -- codes
        upper(trim(admimeth)) as admission_method,
        trim(admisorc) as admission_source,
        trim(classpat) as patient_class,
        trim(epistat) as episode_status,
        trim(epitype) as episode_type,
        trim(epiorder) as episode_order,
        trim(sex) as sex,
        trim(mainspef) as main_specialty,
        -- only whether a birth month is known leaves staging, never which
        case
            when coalesce(trim(mydob), '') in ('', '011800', '011900', '011901') then 'unknown'
            else 'known'
        end as birth_month_kind,
        -- X fills the place that ICD-10 leaves empty
        rpad({{ without_marks('diag_4_01') }}, 4, 'X') as primary_diagnosis,
        {{ without_marks('diag_4_concat') }} as diagnoses,
        {{ without_marks('opertn_4_concat') }} as procedures,

        -- measures: years, or 7001 to 7007 for infants in bands of days
        case
            when try_cast(startage as double) between 0 and 120 then 'years'
            when try_cast(startage as double) between 7001 and 7007 then 'infant'
        end as age_kind

    from source

)

select * from renamed
