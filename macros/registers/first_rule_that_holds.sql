{% macro first_rule_that_holds(people) -%}
asked as (

    select
        people.register,
        rules.target,
        people.patient_key,
        people.practice_code,
        min(rules.rule_order) as rule_order
    from {{ people }} as people
    inner join {{ ref('register_rules') }} as rules
        on
            people.register = rules.register
            and people.target = rules.target
    left join {{ ref('int_registers__facts') }} as facts
        on
            rules.register = facts.register
            and rules.target = facts.target
            and rules.rule_order = facts.rule_order
            and people.patient_key = facts.patient_key
            and people.practice_code = facts.practice_code
    where {{ rule_holds('rules', 'people', 'facts') }}
    group by people.register, rules.target, people.patient_key, people.practice_code

),

decided as (

    select
        asked.register,
        asked.target,
        asked.patient_key,
        asked.practice_code,
        rules.rule_order,
        rules.rule,
        rules.verdict
    from asked
    inner join {{ ref('register_rules') }} as rules
        on
            asked.register = rules.register
            and asked.target = rules.target
            and asked.rule_order = rules.rule_order

)
{%- endmacro %}
