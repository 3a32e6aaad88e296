{% macro release_pseudonym(release_id, number) -%}
release_pseudonym({{ release_id }}, lpad({{ to_text(number) }}, 10, '0'))
{%- endmacro %}
