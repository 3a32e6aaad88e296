-- Who is on a register: the first of its rules that holds decides, and is named.

with people as (

    select
        *,
        'register' as target
    from {{ ref('int_registers__people') }}

),

{{ first_rule_that_holds('people') }}

select
    register,
    patient_key,
    practice_code,
    verdict = 'select' as is_on_register,
    rule_order,
    rule
from decided
order by patient_key, practice_code, register
