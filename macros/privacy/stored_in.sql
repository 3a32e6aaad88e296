{% macro stored_in(column) -%}
{{ modules.re.sub('[^a-z_]*[0-9]{6}.*', '(a name with digits)', column[1:4] | join('.')) | replace("'", '') }}
{%- endmacro %}
