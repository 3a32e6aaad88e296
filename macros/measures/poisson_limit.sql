{% macro poisson_limit(side, count, exact, confidence=95) -%}
    {%- set level = {95: '95', 99.8: '99_8'}[confidence] -%}
    coalesce({{ exact }}.{{ side }}_{{ level }}, {{ byars_limit(side, count, confidence) }})
{%- endmacro %}
