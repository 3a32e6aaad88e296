{% macro rows_while_parsing(seed) -%}
{%- for row in release_rules()[seed] %}
{% if not loop.first %}union all{% endif %}
select
    {%- for name, value in row.items() %}
    {{ text_literal(value) }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endfor %}
{%- endmacro %}
