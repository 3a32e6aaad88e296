{% macro dropped_by(admissions) -%}
case
        {%- for field in fields_of_filters().split(',') %}
        when not ({{ passes_filter(admissions, field) }}) then '{{ field }}'
        {%- endfor %}
    end
{%- endmacro %}
