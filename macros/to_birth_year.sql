{% macro to_birth_year(column) -%}
case
    when year(try_cast(trim({{ column }}) as date)) between 1880 and 2064
        then year(try_cast(trim({{ column }}) as date))
end
{%- endmacro %}
