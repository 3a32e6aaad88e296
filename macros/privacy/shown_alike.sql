{% macro shown_alike(count, end) -%}
case
    when {{ count }} > 0
        then
            {% if end == 'lowest' -%}
            greatest({{ count }} - {{ integer_divide('rules.rounding', 2) }}, rules.small_number_to + 1)
            {%- else -%}
            {{ count }} + {{ integer_divide('rules.rounding - 1', 2) }}
            {%- endif %}
    else {{ count }}
end
{%- endmacro %}
