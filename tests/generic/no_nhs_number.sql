{% test no_nhs_number(model, allowed=none, told_apart_by=none) %}
{{ config(tags=['privacy']) }}
-- Flags: a column that holds what looks like a person's number: ten digits in a row however they are separated, in
--        another script or base 64, a digest, or a type that cannot be looked into.
-- Why:   downstream of the gateway nobody has a number; a pseudonym is 32 letters.
-- Mend:  take the column out where its lineage lets it in. What only looks like a number, such as a clinical code,
--        is a row of the seed digits_allowed, and the test gets `allowed: ref('digits_allowed')`, with the seed by
--        whose values it is told apart, if it is, as `told_apart_by`: that one has to be there before.
-- The end of the run names the column (macro check_stored_values, which looks with the same eyes at all that is stored).
select count(*) as shape_count
from (
    {{ numbers_found(model, allowed) }}
) as shapes
having count(*) > 0
{% endtest %}
