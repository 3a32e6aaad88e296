{% test is_pseudonym(model, column_name) %}
{{ config(tags=['privacy']) }}
-- Flags: a key that is missing or not 32 letters a to p; and keys whose halves are not as many as the keys are, as
--        those of a number that was spelled in letters and filled up.
-- Why:   a pseudonym is 128 bits of a keyed digest, which no two people share even in part.
-- Mend:  make it in the gateway, by the macro pseudonymise or release_pseudonym, and hand it on as it is.
select count(*) as finding_count
from (
    select 1 as finding
    from {{ model }}
    where not coalesce(regexp_full_match({{ column_name }}, '{{ number_patterns("a pseudonym") }}'), false)
    union all
    select 1 as finding
    from (
        select {{ column_name }} as pseudonym
        from {{ model }}
        limit 10000
    ) as firsts
    having
        count(distinct left(pseudonym, 20)) < count(distinct pseudonym)
        or count(distinct right(pseudonym, 20)) < count(distinct pseudonym)
) as findings
having count(*) > 0
{% endtest %}
