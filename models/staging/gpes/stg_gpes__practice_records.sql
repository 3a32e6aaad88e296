with source as (

    select
        *,
        {{ to_nhs_number('nhs_number') }} as plain_number
    from {{ source('gpes', 'practice_records') }}

),

renamed as (

    select
        -- keys
        file_practice_code as practice_code,
        {{ trimmed('practice_code') }} as stated_practice_code,
        plain_number as nhs_number,
        {{ nhs_number_spelling_rule('nhs_number', 'plain_number') }} as nhs_number_spelling_rule,
        coalesce(upper({{ trimmed('usual_gp_code') }}), '') as usual_gp_code,

        -- dates
        extracted_at as extracted_at_text,

        -- codes
        metric_flags

    from source

)

select * from renamed
