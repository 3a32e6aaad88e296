with source as (

    select * from {{ source('gpes', 'practice_records') }}

),

renamed as (

    select
        -- keys
        file_practice_code as practice_code,
        {{ trimmed('practice_code') }} as stated_practice_code,
        {{ to_nhs_number('nhs_number') }} as nhs_number,
        {{ nhs_number_spelling_rule('nhs_number') }} as nhs_number_spelling_rule,
        coalesce(upper({{ trimmed('usual_gp_code') }}), '') as usual_gp_code,

        -- dates
        extracted_at as extracted_at_text,

        -- codes
        metric_flags

    from source

)

select * from renamed
