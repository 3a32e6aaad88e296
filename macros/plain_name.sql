{% macro plain_name(column) -%}
case
    when {{ full_match(column, "[A-Za-z0-9(][A-Za-z0-9 &()/,.\\x27\\-]*") }}
        and not ({{ could_be_a_number(column, 'VARCHAR') }})
        then {{ column }}
end
{%- endmacro %}
