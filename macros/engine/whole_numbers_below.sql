{% macro whole_numbers_below(end) -%}
unnest(range(0, cast({{ end }} as bigint)))
{%- endmacro %}
