{% test destroyed_in_time(model) %}
-- Flags: results that were handed over longer ago than their policy allows, with the personal data
--        still there when the next collection begins.
-- Why:   what is personal is destroyed after reporting; the days are those of seeds/collections.csv.
-- Mend:  `make destroy COLLECTION=...`, then build again.
select count(*) as overdue_count
from {{ model }}
where is_overdue
having count(*) > 0
{% endtest %}
