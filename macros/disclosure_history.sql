{% macro disclosure_history() -%}
{%- if target.name == 'warehouse' -%}
create schema if not exists {{ target.database }}.history;
create table if not exists {{ target.database }}.history.int_disclosure__published (
    area_level varchar,
    practice_code varchar,
    area_code varchar,
    metric_id varchar,
    cohort_count bigint,
    collected_at timestamp with time zone
)
{%- endif -%}
{%- endmacro %}
