{% macro to_plausible_day(column) -%}
case
    when
        {{ full_match('trim(' ~ column ~ ')', '[0-9]{4}-[0-9]{2}-[0-9]{2}') }}
        and year(try_cast(trim({{ column }}) as date)) between 1880 and 2064
        then try_cast(trim({{ column }}) as date)
end
{%- endmacro %}
