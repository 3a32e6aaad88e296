{% macro rows_of_seed(relation, seed) -%}
select
    {%- for name in release_rules()[seed][0] %}
    coalesce({{ to_text(name) }}, '') as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ relation }}
{%- endmacro %}
