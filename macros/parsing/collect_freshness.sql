{% macro duckdb__collect_freshness(source, loaded_at_field, filter) -%}
{{ return(dbt.default__collect_freshness(source, to_moment(loaded_at_field), filter)) }}
{%- endmacro %}
