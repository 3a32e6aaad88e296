{% macro told_by_steps(known) -%}
{#- Windows over rows, no join of a step with itself: an engine that plans every mention of a CTE anew would plan
    each step four times as often as the one before. Few windows on top of each other: DuckDB's planner looks twice
    at what lies below each (twenty took 7 s of CPU, fifteen 0.2). -#}
{%- set before = namespace(name=known, whole='alike') -%}
{%- for step in release_rules().event_steps | map(attribute='told') -%}
{%- set after = 'told' if loop.last else 'told_by_' ~ step -%}
{%- set part = 'part_by_' ~ step -%}
{%- set whole = before.whole -%}
parted_by_{{ step }} as (

    select
        *,
        concat_ws(' ', {{ whole }}, '{{ step }} ' || {{ step }}) as {{ part }}
    from {{ before.name }}

),

sized_by_{{ step }} as (

    select
        *,
        -- the different people of a part: from the first to each of them, and from each to the last
        dense_rank() over (partition by {{ part }} order by patient_key nulls last)
        + dense_rank() over (partition by {{ part }} order by patient_key desc nulls first)
        - 1 as size_by_{{ step }}
    from parted_by_{{ step }}

),

compared_by_{{ step }} as (

    select
        *,
        coalesce(size_by_{{ step }} >= smallest_group, false) as is_large_by_{{ step }}
    from sized_by_{{ step }}

),

placed_by_{{ step }} as (

    select
        *,
        dense_rank() over (
            partition by {{ whole }}, is_large_by_{{ step }}
            order by size_by_{{ step }} nulls last, {{ part }} nulls last
        ) as place_by_{{ step }},
        dense_rank() over (
            partition by {{ whole }}, is_large_by_{{ step }} order by patient_key nulls last
        ) as person_in_rest_by_{{ step }}
    from compared_by_{{ step }}

),

rested_by_{{ step }} as (

    select
        *,
        max(case when not is_large_by_{{ step }} then person_in_rest_by_{{ step }} end)
            over (partition by {{ whole }})
        < smallest_group as is_rest_small_by_{{ step }}
    from placed_by_{{ step }}

),

decided_by_{{ step }} as (

    select
        *,
        is_large_by_{{ step }}
        -- a rest that would be too few takes in the smallest of the large parts
        and (place_by_{{ step }} > 1 or is_rest_small_by_{{ step }} is distinct from true)
            as is_told_by_{{ step }}
    from rested_by_{{ step }}

),

{{ after }} as (

    select
        *,
        case when is_told_by_{{ step }} then {{ part }} else {{ whole }} end as alike_by_{{ step }}
    from decided_by_{{ step }}

){{ ',' if not loop.last }}

{% set before.name = after -%}
{%- set before.whole = 'alike_by_' ~ step -%}
{%- endfor -%}
{%- endmacro %}
