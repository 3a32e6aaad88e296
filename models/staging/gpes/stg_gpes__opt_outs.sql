with source as (

    -- what is asked of more than once below is read once: these files are long
    select
        *,
        {{ plain_number('nhs_number') }} as plain_number,
        {{ to_moment('effective_date') }} as moment_effective,
        {{ to_moment('recorded_at') }} as moment_recorded
    from {{ source('gpes', 'opt_outs') }}

),

read as (

    select
        *,
        {{ read_nhs_number('plain_number') }} as number_read
    from source

),

renamed as (

    select
        -- keys: whoever a number may be read as is left out at worst
        file_practice_code as practice_code,
        {{ to_plain_code('practice_code') }} as stated_practice_code,
        number_read as nhs_number,
        {{ nhs_number_spelling_rule('plain_number', 'number_read') }} as nhs_number_spelling_rule,

        -- dates
        moment_effective as effective_at,
        moment_recorded as recorded_at,
        {{ is_unreadable_moment('effective_date', 'moment_effective') }}
        or {{ is_unreadable_moment('recorded_at', 'moment_recorded') }} as has_unreadable_moment,

        -- codes: upper and lower case differ in CTV3
        upper({{ trimmed('code_scheme') }}) as code_scheme,
        {{ read_code('code') }} as code,

        -- measures
        file_row

    from read

)

select * from renamed
