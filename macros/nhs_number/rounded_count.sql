{% macro rounded_count(count) -%}
{%- set nearest = '100000 * ' ~ integer_divide('least(' ~ count ~ ', 999999800000) + 50000', 100000) -%}
case
    when {{ count }} < 100000000 then {{ count }}
    -- the next one is no number if this one is
    when {{ count }} is not null
        then {{ nearest }} + case when {{ is_modulus_11('(' ~ nearest ~ ')') }} then 100000 else 0 end
end
{%- endmacro %}
