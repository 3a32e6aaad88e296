{% macro slack(room, known, levels) -%}
{%- set lowest, top, totals = levels[0], levels[-1], levels[1:-1] -%}
with {{ lowest }}_room as (

    select
        parent_code,
        metric_id,
        measure,
        case when is_primary then suppressed_up else shown_up end as room_up,
        case when is_primary then suppressed_down else shown_down end as room_down
    from {{ known }}
    where area_level = '{{ lowest }}'

),
{%- for level in levels[1:] %}

{{ level }}_room as (

    {{ room_of_totals(room, level, levels[loop.index0] ~ '_room') }}

),
{%- endfor %}

{{ top }}_slack as (

    select
        *,
        own_up as total_up,
        own_down as total_down
    from {{ top }}_room

)
{%- for level in totals | reverse %}
{%- set above = levels[levels.index(level) + 1] %},

{{ level }}_slack as (

    -- others down, and the total above up: so far can this one go up
    select
        totals.*,
        least(totals.own_up, above.all_down - totals.room_down + above.total_up) as total_up,
        least(totals.own_down, above.all_up - totals.room_up + above.total_down) as total_down
    from {{ level }}_room as totals
    inner join {{ above }}_slack as above
        on
            totals.parent_code = above.area_code
            and totals.metric_id = above.metric_id
            and totals.measure = above.measure

)
{%- endfor %}

select * from {{ top }}_slack
{%- for level in totals %}
union all
select * from {{ level }}_slack
{%- endfor %}
{%- endmacro %}
