{% macro expected_count(population, reference_count, reference_population) -%}
    {%- set expected -%}
        {{ population }}
        * cast({{ reference_count }} as double) / nullif({{ reference_population }}, 0)
    {%- endset -%}
    case when count(*) = count({{ expected }}) then sum({{ expected }}) end
{%- endmacro %}
