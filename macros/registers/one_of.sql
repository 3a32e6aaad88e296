{% macro one_of(word, words) -%}
(' ' || {{ words }} || ' ') like ('% ' || {{ word }} || ' %')
{%- endmacro %}
