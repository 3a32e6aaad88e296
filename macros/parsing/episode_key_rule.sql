{% macro episode_key_rule(column) -%}
case
    when {{ full_match(trimmed(column), '[0-9]+([.,][0-9]*)?[Ee][+-]?[0-9]{1,3}') }}
        then 'episode_key_in_exponent'
end
{%- endmacro %}
