{% macro emptied_details(people, details) -%}
{%- for detail in details %}
select
    practice_code,
    'emptied' as verdict,
    {{ detail }}_rule as rule,
    0 as record_count,
    count(*) as person_count
from {{ people }}
where
    {{ detail }}_rule is not null
    and scope_rule is null
    and not_collected_reason is null
group by practice_code, {{ detail }}_rule
{{ 'union all' if not loop.last }}
{%- endfor %}
{%- endmacro %}
