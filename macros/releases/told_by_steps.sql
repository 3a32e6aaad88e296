{% macro told_by_steps(known) -%}
{%- set before = namespace(name=known, whole='alike') -%}
{%- for step in release_rules().event_steps | map(attribute='told') -%}
{%- set after = 'told' if loop.last else 'told_by_' ~ step -%}
{%- set part = 'part_by_' ~ step -%}
parted_by_{{ step }} as (

    select
        *,
        concat_ws(' ', {{ before.whole }}, '{{ step }} ' || {{ step }}) as {{ part }}
    from {{ before.name }}

),

sizes_by_{{ step }} as (

    select
        {{ before.whole }} as whole,
        {{ part }} as part,
        smallest_group,
        count(distinct patient_key) as person_count
    from parted_by_{{ step }}
    group by {{ before.whole }}, {{ part }}, smallest_group

),

rests_by_{{ step }} as (

    select
        sizes.whole,
        count(distinct events.patient_key) as person_count
    from parted_by_{{ step }} as events
    inner join sizes_by_{{ step }} as sizes on events.{{ part }} = sizes.part
    where sizes.person_count < sizes.smallest_group
    group by sizes.whole

),

large_by_{{ step }} as (

    select
        sizes.part,
        rests.person_count < sizes.smallest_group as is_rest_small,
        row_number() over (
            partition by sizes.whole order by sizes.person_count nulls last, sizes.part nulls last
        ) as place
    from sizes_by_{{ step }} as sizes
    left join rests_by_{{ step }} as rests on sizes.whole = rests.whole
    where sizes.person_count >= sizes.smallest_group

),

{{ after }} as (

    select
        events.*,
        large.part is not null as is_told_by_{{ step }},
        coalesce(large.part, events.{{ before.whole }}) as alike_by_{{ step }}
    from parted_by_{{ step }} as events
    left join large_by_{{ step }} as large
        on
            events.{{ part }} = large.part
            -- a rest that would be too few takes in the smallest of the large parts
            and (large.place > 1 or large.is_rest_small is distinct from true)

){{ ',' if not loop.last }}

{% set before.name = after -%}
{%- set before.whole = 'alike_by_' ~ step -%}
{%- endfor -%}
{%- endmacro %}
