{% macro bare_word(text) -%}
upper({{ without_matches(text, '[^0-9A-Za-z]') }})
{%- endmacro %}
