{% macro exact_poisson_limit(side, count, confidence=95) -%}
    {%- set terms = exact_poisson_coefficients(side, confidence).split() -%}
    {{ byars_limit(side, count, confidence, further_terms=terms) }}
{%- endmacro %}
