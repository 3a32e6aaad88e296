with source as (

    select
        *,
        {{ plain_number('nhs_number') }} as plain_number
    from {{ source('gpes', 'opt_outs') }}

),

renamed as (

    select
        -- keys: whoever a number may be read as is left out at worst
        file_practice_code as practice_code,
        {{ to_plain_code('practice_code') }} as stated_practice_code,
        {{ read_nhs_number('plain_number') }} as nhs_number,
        {{ nhs_number_spelling_rule('plain_number') }} as nhs_number_spelling_rule,

        -- dates
        {{ to_moment('effective_date') }} as effective_at,
        {{ to_moment('recorded_at') }} as recorded_at,
        {{ is_unreadable_moment('effective_date') }}
        or {{ is_unreadable_moment('recorded_at') }} as has_unreadable_moment,

        -- codes: upper and lower case differ in CTV3
        upper({{ trimmed('code_scheme') }}) as code_scheme,
        {{ read_code('code') }} as code,

        -- measures
        file_row

    from source

)

select * from renamed
