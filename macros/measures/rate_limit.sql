{% macro rate_limit(
    side, count, denominator, per=1000, confidence=95, exact_below=none
) -%}
    {%- set limit = poisson_limit(side, count, confidence, exact_below) -%}
    {{ per }} * {{ limit }} / nullif({{ denominator }}, 0)
{%- endmacro %}
