{% macro changed_by_few(limits, groups) -%}
{%- set top = groups[0][1] -%}
with ordered as (

    select
        *,
        row_number() over (
            partition by area_level, parent_code, metric_id, measure
            order by
                case
                    when is_changed_by_few and cell_count > 0 then 1
                    when cell_count > 0 then 2
                    else 3
                end nulls last,
                cell_count nulls last,
                area_code nulls last
        ) = 1 as is_next
    from {{ limits }}

),

{{ top }} as (

    select
        *,
        is_changed_by_few as is_changed_alone,
        is_changed_by_few as is_changed
    from ordered
    where area_level = '{{ top }}'

)
{%- for area_level, level_above in groups %},

{{ area_level }} as (

    {{ changed_with_total(area_level, level_above) }}

)
{%- endfor %}

select * from {{ top }}
{%- for area_level, _ in groups %}
union all
select * from {{ area_level }}
{%- endfor %}
{%- endmacro %}
