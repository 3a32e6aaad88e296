-- Denominator: patients on the register whom no rule of the target rejects
-- Numerator:   those whom a rule selects before the rest is taken as denominator only
-- The first rule of the target that holds decides, and is named.
-- Source:      domain handbook, section 1.3 (S18); the order is the seed's

with people as (

    select
        people.*,
        targets.target
    from {{ ref('int_registers__people') }} as people
    inner join {{ ref('int_registers__decided') }} as members
        on
            people.register = members.register
            and people.patient_key = members.patient_key
            and people.practice_code = members.practice_code
    inner join {{ ref('register_targets') }} as targets on people.register = targets.register
    where members.is_on_register

),

{{ first_rule_that_holds('people') }}

select
    register,
    target,
    patient_key,
    practice_code,
    verdict = 'select' as is_in_numerator,
    verdict in ('select', 'select_denominator') as is_in_denominator,
    rule_order,
    rule
from decided
order by patient_key, practice_code, register, target
