{% macro could_be_a_number(value, data_type) -%}
{%- set kind = kind_of_type(data_type) -%}
{%- if kind == 'boolean' -%}
false
{%- elif kind == 'integer' -%}
{{ value }} >= 1000000000 or {{ value }} <= -1000000000
{%- elif kind == 'fraction' -%}
{#- Ten digits before the point, or ten significant ones that pass modulus 11, as few do by chance. -#}
{%- set digits -%}
try_cast(
    rtrim(ltrim(replace(
        regexp_replace(cast({{ value }} as varchar), '^-|e.*', '', 'g'), '.', ''
    ), '0'), '0') as hugeint
)
{%- endset -%}
isfinite(cast({{ value }} as double))
and (
    abs(cast({{ value }} as double)) >= 1000000000
    or ({{ digits }} between 1000000000 and 9999999999 and {{ is_modulus_11(digits) }})
)
{%- elif kind == 'day' -%}
year({{ value }}) not between 1800 and 2064
{%- elif kind == 'moment' -%}
{#- A number counted in seconds lies after 2064; in thousandths or less, in the spring of 1970. -#}
isfinite({{ value }})
and (
    year({{ value }}) not between 1800 and 2064
    or (
        cast({{ value }} as timestamp) between '1970-01-01' and '1970-04-30'
        and cast(cast({{ value }} as timestamp) as time) <> '00:00:00'
    )
)
{%- elif kind == 'time' -%}
epoch_us(cast({{ value }} as time)) >= 1000000000
and epoch_us(cast({{ value }} as time)) <= 9999999999
and epoch_us(cast({{ value }} as time)) % 1000000 <> 0
{%- elif kind == 'text' -%}
{{ contains_match(to_text(value), [
    number_patterns('ten digits'),
    number_patterns('beyond ASCII'),
    number_patterns('digits in base 64'),
    number_patterns('a digest')
] | join('|')) }}
{%- else -%}
{{ value }} is not null
{%- endif -%}
{%- endmacro %}
