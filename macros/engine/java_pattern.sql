{% macro java_pattern(pattern) -%}
{#- RE2's dot stops at a line feed only and its $ at the very end; Java's at every kind of line end. A raw
    literal, because Spark reads backslashes in others; it cannot hold a quotation mark. -#}
{%- if "'" in pattern or '\\$' in pattern or '[$' in pattern -%}
    {{ exceptions.raise_compiler_error('A pattern with a quotation mark or a dollar as a character') }}
{%- endif -%}
r'(?d){{ pattern | replace('$', '\\z') }}'
{%- endmacro %}
