{% test unique_key(model, columns) %}
-- The number of keys that occur more than once; never the keys.
select count(*) as repeated_key_count
from (
    select 1
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
) as repeated_keys
having count(*) > 0
{% endtest %}
