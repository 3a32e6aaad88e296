{% macro no_end_pattern() -%}
{{- '(?i)null|\\x5cn|(9999-?12-?31|31/12/9999)([t ].*)?' -}}
{%- endmacro %}
