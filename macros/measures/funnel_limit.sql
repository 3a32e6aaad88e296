{% macro funnel_limit(side, size, baseline, confidence=95) -%}
    {%- set limit -%}
        {{ baseline }} {{ {'lower': '-', 'upper': '+'}[side] }} {{ z_value(confidence) }}
        * sqrt({{ baseline }} * (1 - {{ baseline }}) / nullif({{ size }}, 0))
    {%- endset -%}
    case when {{ limit }} < 0 then 0 when {{ limit }} > 1 then 1 else {{ limit }} end
{%- endmacro %}
