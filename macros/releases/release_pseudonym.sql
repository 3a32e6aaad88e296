{% macro release_pseudonym(release_id, number) -%}
release_pseudonym({{ release_id }}, lpad(cast({{ number }} as varchar), 10, '0'))
{%- endmacro %}
