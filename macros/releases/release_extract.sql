{% macro release_extract(release_id) -%}
{%- set request = release_rules().releases | selectattr('release_id', 'equalto', release_id) | first -%}
{%- if not request -%}
    {%- do exceptions.raise_compiler_error('Release ' ~ release_id ~ ' is refused: nobody has asked for it.') -%}
{%- endif -%}
{#- YAML takes an unquoted day for a day, not for a text -#}
{%- set day = (var('disseminated_at', '') or var('collected_at')) | string -%}
{%- do refuse_release(request, day[:10]) -%}

{%- if request.identifiability == 'aggregate' -%}
{#- Of a breakdown that was not asked for, what the table itself shows of the whole. -#}
{%- set not_broken_down = [] -%}
{%- for row in release_rules().release_datasets
    if row.dataset == request.datasets
    and row.kind == 'breakdown'
    and row.column_name not in request.columns_asked.split() -%}
    {%- do not_broken_down.append(row.column_name) -%}
{%- endfor -%}
select
    {%- for name in request.columns_asked.split() %}
    published.{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('fct_' ~ request.datasets) }} as published
inner join {{ ref('int_collection__settings') }} as settings
    on
        settings.collection = '{{ request.collection }}'
        and settings.period_start = date '{{ request.period_start }}'
        and settings.period_end = date '{{ request.period_end }}'
{%- for name in not_broken_down %}
{{ 'where' if loop.first else '    and' }} published.{{ name }} = 'all'
{%- endfor %}
order by {{ range(1, request.columns_asked.split() | length + 1) | join(', ') }}
{%- elif request.datasets == 'people' -%}
select
    people.release_key
    {%- for name in request.columns_asked.split() %},
    people.{{ name }}
    {%- endfor %}
from {{ ref('int_releases__generalised') }} as people
where
    people.release_id = '{{ release_id }}'
    and people.step is not null
order by people.release_key
{%- else -%}
{{ release_events(request) }}
{%- endif %}
{%- endmacro %}
