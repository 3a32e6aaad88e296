{% macro directly_standardised_rate(
    count, population, standard_population, per=100000, minimum_count=10
) -%}
    {%- set weighted -%}
        cast({{ standard_population }} as double) * {{ count }} / nullif({{ population }}, 0)
    {%- endset -%}
    case
        when count(*) = count({{ weighted }}) and sum({{ count }}) >= {{ minimum_count }}
            then {{ per }} * sum({{ weighted }}) / sum({{ standard_population }})
    end
{%- endmacro %}
