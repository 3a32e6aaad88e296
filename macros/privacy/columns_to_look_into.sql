{% macro columns_to_look_into(columns) -%}
{%- for column in columns %}
{% if not loop.first %}union all{% endif %}
select {{ loop.index0 }} as position
from {{ relation_of(column) }}
where {{ could_be_a_number(quoted(column[3]), column[4]) }}
having count(*) > 0
{%- endfor %}
{%- endmacro %}
