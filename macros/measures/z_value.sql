{#- With an exponent a number is a double everywhere; without, DuckDB and Spark see a decimal. -#}
{% macro z_value(confidence) -%}
{%- if confidence == 95 -%} 1.9599639845400543e0
{%- elif confidence == 99.8 -%} 3.0902323061678136e0
{%- else -%}
{{ exceptions.raise_compiler_error("Intervals are at 95 or 99.8 %, not at " ~ confidence) }}
{%- endif %}
{%- endmacro %}
