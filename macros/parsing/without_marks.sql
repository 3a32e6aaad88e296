{% macro without_marks(codes) -%}
upper({{ without_matches(codes, '[-. &*+†‡]') }})
{%- endmacro %}
