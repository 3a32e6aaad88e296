{% test rows_balance(model) %}
-- Flags: a file of which more or fewer rows are accounted for than were sent.
-- Why:   what is unsure is left out and counted, never silently dropped; a row counted twice is no less wrong.
-- Mend:  look for a join that repeats or loses rows in the models that judge them.
select count(*) as unbalanced_file_count
from {{ model }}
where row_count <> usable_count + rejected_count
having count(*) > 0
{% endtest %}
