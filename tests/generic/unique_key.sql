{% test unique_key(model, columns) %}
-- Flags: keys that occur more than once; never which.
-- Why:   what stands there twice is counted twice, or decided by either.
-- Mend:  in a seed, take one of the rows away; in a model, look for the join that repeats rows.
select count(*) as repeated_key_count
from (
    select 1
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
) as repeated_keys
having count(*) > 0
{% endtest %}
