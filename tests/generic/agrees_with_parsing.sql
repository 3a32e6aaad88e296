{% test agrees_with_parsing(model, seed) %}
-- Flags: a seed of releases of which dbt knew something else while it parsed, which is when requests are refused.
-- Why:   a row that nobody has looked at would be released without a rule.
-- Mend:  `gpld releases`.
select count(*) as differing_count
from (
    (({{ rows_of_seed(model, seed) }}) except all ({{ rows_while_parsing(seed) }}))
    union all
    (({{ rows_while_parsing(seed) }}) except all ({{ rows_of_seed(model, seed) }}))
) as differing
having count(*) > 0
{% endtest %}
