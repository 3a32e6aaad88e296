{% macro to_plain_code(column) -%}
{%- set text = 'nullif(upper(' ~ trimmed(column) ~ "), '')" -%}
case
    when
        ({{ text }} like '%.%' or {{ text }} like '0_%')
        and {{ full_match(text, '[0-9]{1,9}([.]0*)?') }}
        then {{ to_text('cast(split_part(' ~ text ~ ", '.', 1) as integer)") }}
    else {{ text }}
end
{%- endmacro %}
