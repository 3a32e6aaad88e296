{% macro parts_and_totals(parts) -%}
counts as (

    select
        'part' as area_level,
        parent_code || ' ' || part_code as area_code,
        parent_code,
        metric_id,
        measure,
        cast(cell_count as bigint) as cell_count
    from {{ parts }}
    union all
    select
        'total' as area_level,
        parent_code as area_code,
        null as parent_code,
        metric_id,
        measure,
        cast(sum(cell_count) as bigint) as cell_count
    from {{ parts }}
    group by parent_code, metric_id, measure

),

limits as (

    select
        *,
        false as is_list,
        cast(1 as bigint) as lowest_count,
        cast({{ unbounded() }} as bigint) as highest_count,
        lowest_count as lowest_shown_count,
        highest_count as highest_shown_count
    from counts

),
{%- endmacro %}
