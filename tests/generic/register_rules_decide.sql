{% test register_rules_decide(model, registers, targets) %}
-- Flags: registers and targets without rules, rules of a target that nobody lists, a last rule that is not otherwise,
--        and rules that lack what they look for: clusters, months, a value, days.
-- Why:   whoever no rule decides of is counted nowhere, and a rule that lacks a value is never met.
-- Mend:  a row of registers or register_targets for each, rules that end with otherwise, and the columns that
--        looks_for is described with.
select count(*) as undecided_count
from (
    select coalesce(listed.target, rules.target) as target
    from (
        select register, 'register' as target from {{ registers }}
        union all
        select register, target from {{ targets }}
    ) as listed
    full outer join (
        select
            register,
            target,
            max_by(looks_for, rule_order) as last_of_them,
            bool_or(
                case
                    when looks_for in ('otherwise', 'age_outside') then false
                    when looks_for = 'registered' then look_back_months is null
                    when cluster is null then true
                    when looks_for = 'first_recorded' then look_back_months is null
                    when looks_for = 'latest_at_most' then value_to is null
                    when looks_for in ('followed_by', 'replaced_by') then other_cluster is null
                    when looks_for = 'invited_in_vain'
                        then other_cluster is null or value_to is null or days_apart is null
                    else false
                end
            ) as lacks_something
        from {{ model }}
        group by register, target
    ) as rules on listed.register = rules.register and listed.target = rules.target
    where
        listed.register is null
        or rules.register is null
        or rules.last_of_them <> 'otherwise'
        or rules.lacks_something
) as undecided
having count(*) > 0
{% endtest %}
