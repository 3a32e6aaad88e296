{% macro numbers_found(relation, allowed=none) -%}
{#- Columns of one type are looked at together, as if they were one: to make sense of the patterns costs more than
    to look into a small table. What is allowed is that of a single column. -#}
{%- set together, apart = {}, [] -%}
{%- for name, data_type, allowance in columns_of(relation, allowed) -%}
    {%- if allowance -%}
        {%- do apart.append([relation, quoted(name), data_type, allowance]) -%}
    {%- elif kind_of_type(data_type) != 'boolean' -%}
        {%- do together.setdefault(data_type, []).append(quoted(name)) -%}
    {%- endif -%}
{%- endfor -%}
{%- for data_type, names in together.items() -%}
    {%- set values = '(select unnest([' ~ names | join(', ') ~ ']) as value from ' ~ relation ~ ') as values_of_a_type' -%}
    {%- do apart.append([values, 'value', data_type, '']) -%}
{%- endfor -%}
select
    '' as shape,
    0 as row_count
from {{ relation }}
where false
{%- for place, value, data_type, allowance in apart %}
union all
select
    shape,
    row_count
from (
    {{ shapes_found(place, value, data_type, allowance) }}
) as found
{%- endfor %}
{%- endmacro %}
