{% macro disclosure_history() -%}
{%- if execute and target.name == 'warehouse' -%}
{%- set memory = api.Relation.create(
    database=target.database,
    schema='history',
    identifier='int_disclosure__published',
    type='table'
) -%}
{#- dbt has listed the tables before this runs, and the model has to replace this one -#}
{%- if not load_cached_relation(memory) -%}
{%- do adapter.cache_added(memory) -%}
{%- endif -%}
create schema if not exists {{ memory.without_identifier() }};
create table if not exists {{ memory }} (
    area_level varchar,
    practice_code varchar,
    area_code varchar,
    metric_id varchar,
    cohort_count bigint,
    collected_at timestamp with time zone
);
{#- A memory from before values were told exactly has no such columns. -#}
{%- for column in ['numerator_count', 'told_cohort_count', 'told_numerator_count'] %}
alter table {{ memory }} add column if not exists {{ column }} bigint{{ ';' if not loop.last }}
{%- endfor %}
{%- endif -%}
{%- endmacro %}
