{#- events * (1 -+ z/3 * events^-0.5 - 1/9 * events^-1 + further terms with -1.5, -2, ...)^3 -#}
{% macro byars_limit(side, count, confidence=95, further_terms=[]) -%}
    {%- set sign = {'lower': '-', 'upper': ''}[side] -%}
    {%- set terms = [sign ~ z_value(confidence) ~ ' / 3', '-1e0 / 9'] + further_terms -%}
    {%- set events = {'lower': count, 'upper': '(' ~ count ~ ' + 1)'}[side] -%}
    {{ events }} * power(
        1
        {%- for term in terms %}
        + {{ term }} * power(greatest({{ events }}, 1), {{ loop.index / -2 }}e0)
        {%- endfor %},
        3
    )
{%- endmacro %}
