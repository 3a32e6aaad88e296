{#- events * (1 -+ z/3 * events^-0.5 - 1/9 * events^-1)^3 -#}
{% macro byars_limit(side, count, confidence=95) -%}
    {%- set sign = {'lower': '-', 'upper': '+'}[side] -%}
    {%- set events = {'lower': count, 'upper': '(' ~ count ~ ' + 1)'}[side] -%}
    {{ events }} * power(
        1
        {{ sign }} {{ z_value(confidence) }} / 3 * power(greatest({{ events }}, 1), -0.5e0)
        - 1e0 / 9 * power(greatest({{ events }}, 1), -1.0e0),
        3
    )
{%- endmacro %}
