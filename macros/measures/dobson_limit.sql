{% macro dobson_limit(
    side, count, population, standard_population,
    per=100000, minimum_count=10, confidence=95, exact_below=none
) -%}
    {%- set weight -%}
        cast({{ standard_population }} as double) / nullif({{ population }}, 0)
    {%- endset -%}
    {%- set rate = directly_standardised_rate(
        count, population, standard_population, per, minimum_count
    ) -%}
    {%- set events = 'sum(' ~ count ~ ')' -%}
    {%- set limit = poisson_limit(side, events, confidence, exact_below) -%}
    {{ rate }}
    + {{ per }} / sum({{ standard_population }})
    * sqrt(sum(power({{ weight }}, 2) * {{ count }}) / nullif({{ events }}, 0))
    * ({{ limit }} - {{ events }})
{%- endmacro %}
