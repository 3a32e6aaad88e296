{% macro funnel_category(statistic, numerator, denominator, baseline=1, exact_below=none) -%}
    {%- set limit = {} -%}
    {%- for side in ['lower', 'upper'] -%}
        {%- for confidence in [95, 99.8] -%}
            {%- do limit.update({
                (side, confidence):
                    wilson_limit(side, numerator, denominator, confidence)
                    if statistic == 'proportion'
                    else poisson_limit(side, numerator, confidence, exact_below)
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if statistic == 'proportion' -%}
        {%- set expected = baseline -%}
    {%- elif statistic in ['rate', 'ratio'] -%}
        {%- set expected = baseline ~ ' * nullif(' ~ denominator ~ ', 0)' -%}
    {%- else -%}
        {{ exceptions.raise_compiler_error("No funnel for the statistic " ~ statistic) }}
    {%- endif -%}
    case
        when {{ expected }} < {{ limit['lower', 99.8] }} then 'higher_99_8'
        when {{ expected }} < {{ limit['lower', 95] }} then 'higher_95'
        when {{ expected }} > {{ limit['upper', 99.8] }} then 'lower_99_8'
        when {{ expected }} > {{ limit['upper', 95] }} then 'lower_95'
        when {{ expected }} <= {{ limit['upper', 95] }} then 'as_expected'
    end
{%- endmacro %}
