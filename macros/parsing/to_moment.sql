{% macro to_moment(column) -%}
{%- set text = 'trim(' ~ column ~ ')' -%}
{%- set local = "try_cast(replace(" ~ text ~ ", ',', '.') as timestamp)" -%}
{%- set moment = 'cast(' ~ local ~ ' as timestamptz)' -%}
case
    when {{ full_match(text, moment_pattern('zoned')) }} then {{ zoned_moment(text) }}
    when {{ full_match(text, moment_pattern('digits')) }} then cast({{ to_day(text) }} as timestamptz)
    when
        {{ full_match(text, moment_pattern('local')) }}
        -- when the clocks change, an hour is left out, and another one is there twice
        and cast({{ moment }} as timestamp) = {{ local }}
        and cast({{ moment }} - interval 1 hour as timestamp) <> {{ local }}
        and cast({{ moment }} + interval 1 hour as timestamp) <> {{ local }}
        then {{ moment }}
end
{%- endmacro %}
