{% macro read_code(column) -%}
{#- Five characters, the last of them dots or left out; two more name the term that was chosen. -#}
case
    when length(trim({{ column }})) = 7 and not {{ full_match('trim(' ~ column ~ ')', '[0-9]+') }}
        then left(trim({{ column }}), 5)
    when length(rtrim(trim({{ column }}), '.')) < 5
        then rpad(rtrim(trim({{ column }}), '.'), 5, '.')
    else rtrim(trim({{ column }}), '.')
end
{%- endmacro %}
