-- The records that a rule asks for, up to and including the reference date: of its clusters, or of
-- the other clusters that it compares them with; and whether they lie in the months it looks back.

with rules as (

    select
        rules.register,
        rules.target,
        rules.rule_order,
        rules.look_back_months,
        codes.code,
        codes.category,
        {{ one_of('codes.cluster', 'rules.cluster') }} as is_of_cluster
    from {{ ref('register_rules') }} as rules
    inner join {{ ref('journal_codes') }} as codes
        on
            {{ one_of('codes.cluster', 'rules.cluster') }}
            or {{ one_of('codes.cluster', 'rules.other_cluster') }}

)

select
    rules.register,
    rules.target,
    rules.rule_order,
    people.patient_key,
    people.practice_code,
    rules.is_of_cluster,
    records.recorded_on,
    records.value_1 as recorded_value,
    coalesce(
        records.recorded_on
        > {{ months_from('people.reference_date', '-rules.look_back_months') }},
        true
    ) as is_in_time
from rules
inner join {{ ref('int_journals__records') }} as records
    on
        rules.code = records.code
        and rules.category = records.category
inner join {{ ref('int_registers__people') }} as people
    on
        rules.register = people.register
        and records.patient_key = people.patient_key
        and records.practice_code = people.practice_code
where records.recorded_on <= people.reference_date
order by
    people.patient_key,
    people.practice_code,
    rules.register,
    rules.target,
    rules.rule_order,
    records.recorded_on,
    recorded_value,
    rules.is_of_cluster
