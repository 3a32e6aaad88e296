{% test enough_is_usable(model) %}
-- Flags: files for all practices of which less can be used than seeds/intake_rules.csv asks for.
-- Why:   the run would publish zeros that nobody counted.
-- Mend:  send the file again, after mending what the column worst_rule names.
select count(*) as file_count
from {{ model }}
where not is_enough
having count(*) > 0
{% endtest %}
