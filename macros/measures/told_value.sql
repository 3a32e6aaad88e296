{#- Nobody is in the numerator who is not in the denominator. -#}
{% macro told_value(counts, end='middle') -%}
{%- if end == 'lowest' -%}
{{ counts }}.lowest_numerator / nullif(cast({{ counts }}.highest_denominator as double), 0)
{%- elif end == 'highest' -%}
least(
    1e0, {{ counts }}.highest_numerator / nullif(cast({{ counts }}.lowest_denominator as double), 0)
)
{%- else -%}
(({{ told_value(counts, 'lowest') }}) + ({{ told_value(counts, 'highest') }})) / 2
{%- endif -%}
{%- endmacro %}
