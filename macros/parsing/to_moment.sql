{% macro to_moment(column) -%}
{%- set text = trimmed(column) -%}
{%- set local = try_to_local_time('replace(' ~ text ~ ", ',', '.')") -%}
{%- set moment = to_instant(local) -%}
case
    -- no clock changes at the first moment of a day
    when {{ full_match(text, moment_pattern('day')) }} then {{ to_instant(try_to_local_time(text)) }}
    when {{ full_match(text, moment_pattern('zoned')) }} then {{ zoned_moment(text) }}
    when {{ full_match(text, moment_pattern('digits')) }} then {{ to_instant(to_day(text)) }}
    when
        {{ full_match(text, moment_pattern('local')) }}
        -- when the clocks change, an hour is left out, and another one is there twice
        and {{ to_local_time(moment) }} = {{ local }}
        and {{ to_local_time(moment ~ ' - interval 1 hour') }} <> {{ local }}
        and {{ to_local_time(moment ~ ' + interval 1 hour') }} <> {{ local }}
        then {{ moment }}
end
{%- endmacro %}
