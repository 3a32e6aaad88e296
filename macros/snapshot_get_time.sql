{% macro duckdb__snapshot_get_time() -%}
(select collected_at from {{ target.database }}.reference.int_collection__settings)
{%- endmacro %}
