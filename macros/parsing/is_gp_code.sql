{% macro is_gp_code(column) -%}
({{ full_match(column, 'G[0-9]{7}') }} and (
    {%- for weight in [1, 3, 7, 1, 3, 7] %}
    {{ '+ ' if not loop.first }}{{ weight }} * try_cast(substr({{ column }}, {{ loop.index + 1 }}, 1) as integer)
    {%- endfor %}
) % 10 = try_cast(substr({{ column }}, 8, 1) as integer))
{%- endmacro %}
