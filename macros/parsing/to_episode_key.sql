{% macro to_episode_key(column) -%}
{%- set text = trimmed(column) -%}
case
    when {{ full_match(text, '[1-9][0-9]*') }} then {{ text }}
    when {{ full_match(text, '[+]?[0-9]+[.]?0*') }}
        then nullif({{ to_text('try_cast(split_part(' ~ text ~ ", '.', 1) as decimal(38, 0))") }}, '0')
    when {{ full_match(text, '-[0-9.]+|[^0-9A-Za-z]*|(?i)#?(null|none|nan|n/?a)') }} then null
    else {{ text }}
end
{%- endmacro %}
