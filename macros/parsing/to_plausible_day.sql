{% macro to_plausible_day(column, day_first=false, zoned=true) -%}
{%- set text = trimmed(column) -%}
case
    when {{ full_match(text, moment_pattern('local')) }} then try_cast(left({{ text }}, 10) as date)
    when {{ full_match(text, moment_pattern('digits')) }} then {{ to_day(text) }}
    {%- if day_first %}
    when {{ full_match(text, moment_pattern('day_first')) }}
        then {{ to_day(
            'substr(' ~ text ~ ', 7, 4) || substr(' ~ text ~ ', 4, 2) || left(' ~ text ~ ', 2)'
        ) }}
    {%- endif %}
    {%- if zoned %}
    -- the day that the moment has in the United Kingdom
    when {{ full_match(text, moment_pattern('zoned')) }} then cast({{ zoned_moment(text) }} as date)
    {%- endif %}
end
{%- endmacro %}
