{% macro rate_limit(side, count, denominator, exact, confidence=95) -%}
    {{ poisson_limit(side, count, exact, confidence) }} / nullif({{ denominator }}, 0)
{%- endmacro %}
