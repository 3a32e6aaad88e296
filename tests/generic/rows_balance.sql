{% test rows_balance(model) %}
-- Flags: a file of which more or fewer rows are accounted for than were sent.
-- Why:   what is unsure is left out and counted, never silently dropped; a row counted twice is no less wrong.
-- Mend:  look for a join that repeats or loses rows in the models that judge them.
select count(*) as unbalanced_file_count
from {{ model }}
where
    -- from 100,000,000 each of the three is rounded (macro rounded_count)
    abs(row_count - usable_count - rejected_count)
    > case when row_count < 100000000 then 0 else 500000 end
having count(*) > 0
{% endtest %}
