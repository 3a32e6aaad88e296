{% macro numbers_found(relation, allowed=none) -%}
select
    '' as shape,
    0 as row_count
from {{ relation }}
where false
{%- for name, data_type, allowance in columns_of(relation, allowed)
    if kind_of_type(data_type) != 'boolean' %}
union all
select
    shape,
    row_count
from (
    {{ shapes_found(relation, quoted(name), data_type, allowance or '') }}
) as found
{%- endfor %}
{%- endmacro %}
