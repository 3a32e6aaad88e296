{% macro read_code(column) -%}
{#- Five characters, the last of them dots or left out; two more name the term that was chosen. -#}
case
    when
        length({{ trimmed(column) }}) = 7 and not {{ full_match(trimmed(column), '[0-9]+') }}
        -- a code that is spoilt is none: what is known to be a withdrawal would lift an objection
        and {{ full_match('substr(' ~ trimmed(column) ~ ', 6)', '[0-9A-Za-z]{2}') }}
        then left({{ trimmed(column) }}, 5)
    when length({{ without_last(trimmed(column), '.') }}) < 5
        then rpad({{ without_last(trimmed(column), '.') }}, 5, '.')
    else {{ without_last(trimmed(column), '.') }}
end
{%- endmacro %}
