{% test thresholds_protect(model, collections) %}
-- Flags: collections that lack a threshold of disclosure control, thresholds of a collection that nobody knows, and
--        small numbers and changes that do not begin with one person or end before they begin, or nothing to round to.
-- Why:   no number lies between 8 and 7: with two of them the wrong way round nothing is withheld.
-- Mend:  the rows of disclosure_rules, one a collection and rule, with whole numbers.
select count(*) as open_count
from (
    select coalesce(known.collection, rules.collection) as collection
    from {{ collections }} as known
    full outer join (
        select
            collection,
            max(case when rule = 'small_number_from' then value end) as small_number_from,
            max(case when rule = 'small_number_to' then value end) as small_number_to,
            max(case when rule = 'cohort_change_from' then value end) as cohort_change_from,
            max(case when rule = 'cohort_change_to' then value end) as cohort_change_to,
            max(case when rule = 'rounding' then value end) as rounding,
            max(case when rule = 'value_steps' then value end) as value_steps,
            max(case when rule = 'national_practice_floor' then value end) as national_practice_floor,
            max(case when rule = 'gp_list_floor' then value end) as gp_list_floor
        from {{ model }}
        group by collection
    ) as rules on known.collection = rules.collection
    where
        known.collection is null
        or not coalesce(
            rules.small_number_from <= 1 and rules.small_number_to >= 1
            and rules.cohort_change_from <= 1 and rules.cohort_change_to >= 1
            and rules.rounding >= 1 and rules.value_steps >= 1
            and rules.national_practice_floor >= 0 and rules.gp_list_floor >= 0,
            false
        )
) as open
having count(*) > 0
{% endtest %}
