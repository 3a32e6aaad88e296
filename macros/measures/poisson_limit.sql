{% macro poisson_limit(side, count, confidence=95, exact_below=none) -%}
    {%- set exact_below = exact_below or var('exact_poisson_below', 10) -%}
    {%- if exact_below < 10 -%}
        {{ exceptions.raise_compiler_error("Byar's limits are not for counts below 10") }}
    {%- endif -%}
    (case
        when {{ count }} < {{ exact_below }}
            then {{ exact_poisson_limit(side, count, confidence) }}
        else {{ byars_limit(side, count, confidence) }}
    end)
{%- endmacro %}
