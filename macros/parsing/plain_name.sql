{% macro plain_name(column) -%}
{#- In ASCII, as all text that is stored: what is beyond it could be digits of another script. -#}
{%- set name -%}
translate({{ without_accents(column) }}, '’‘´`–', {{ text_literal("''''-") }})
{%- endset -%}
case
    when {{ full_match(name, "[A-Za-z0-9(][A-Za-z0-9 &()/,.@_+:;!*#%\\x27\\-]*") }}
        and not ({{ could_be_a_number(name, 'VARCHAR') }})
        then {{ name }}
end
{%- endmacro %}
