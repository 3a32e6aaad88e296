{% macro one_of(word, words) -%}
instr(' ' || {{ words }} || ' ', ' ' || {{ word }} || ' ') > 0
{%- endmacro %}
