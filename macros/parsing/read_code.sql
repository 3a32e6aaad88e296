{% macro read_code(column) -%}
{#- Five characters, the last of them dots or left out; two more name the term that was chosen. -#}
case
    when length({{ trimmed(column) }}) = 7 and not {{ full_match(trimmed(column), '[0-9]+') }}
        then left({{ trimmed(column) }}, 5)
    when length({{ without_last(trimmed(column), '.') }}) < 5
        then rpad({{ without_last(trimmed(column), '.') }}, 5, '.')
    else {{ without_last(trimmed(column), '.') }}
end
{%- endmacro %}
