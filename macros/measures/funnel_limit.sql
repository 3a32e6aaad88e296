{% macro funnel_limit(
    side, statistic, size, baseline=1, confidence=95, exact_below=none
) -%}
    {%- if statistic == 'proportion' -%}
        {%- set limit -%}
            {{ baseline }} {{ {'lower': '-', 'upper': '+'}[side] }} {{ z_value(confidence) }}
            * sqrt({{ baseline }} * (1 - {{ baseline }}) / nullif({{ size }}, 0))
        {%- endset -%}
        case when {{ limit }} < 0 then 0 when {{ limit }} > 1 then 1 else {{ limit }} end
    {%- elif statistic in ['rate', 'ratio'] -%}
        {%- set other_side = {'lower': 'upper', 'upper': 'lower'}[side] -%}
        {%- set expected = poisson_limit(other_side, size, confidence, exact_below) -%}
        {{ baseline }} * {{ size }} / nullif({{ expected }}, 0)
    {%- else -%}
        {{ exceptions.raise_compiler_error("No funnel for the statistic " ~ statistic) }}
    {%- endif -%}
{%- endmacro %}
