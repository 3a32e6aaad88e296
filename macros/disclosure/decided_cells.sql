{% macro decided_cells(room, levels, breakdown=none, is_total_published='true') -%}
{%- set lowest, top = levels[0], levels[-1] -%}
with known as (

    {{ known_of_parts(
        room, [lowest] + ([breakdown.level] if breakdown else []), is_total_published
    ) }}

),

slack as (

    {{ slack(room, 'known', levels) }}

),

{{ lowest }}_cells as (

    {{ lowest_of_level('known', lowest, levels[1], is_total_published) }}

),

{{ lowest }} as (

    {{ secondary_suppression(lowest ~ '_cells') }}

),
{%- for level in levels[1:-1] %}

{{ level }}_cells as (

    {{ totals_of_level(room, level, levels[loop.index0], levels[loop.index0 + 2]) }}

),

{{ level }} as (

    {{ secondary_suppression(level ~ '_cells') }}

),
{%- endfor %}
{%- if breakdown %}

-- The total is decided by now: it is taken for known exactly, and does not give way.
{{ breakdown.level }}_cells as (

    {{ lowest_of_level('known', breakdown.level, none, 'true') }}

),

{{ breakdown.level }}_alone as (

    {{ secondary_suppression(breakdown.level ~ '_cells') }}

),

-- Where the total is suppressed, or no choice of parts hides the small ones, all are suppressed,
-- nobody's among them: whoever sees none of them learns nothing of one from another, nor from any
-- of them the total.
{{ breakdown.level }} as (

    select
        parts.area_level,
        parts.area_code,
        parts.parent_code,
        parts.metric_id,
        parts.measure,
        parts.is_suppressed
        or totals.is_suppressed
        or bool_or(parts.is_total_suppressed)
            over (partition by parts.parent_code, parts.metric_id, parts.measure) as is_suppressed,
        parts.feasible_up,
        parts.feasible_down,
        parts.upper_protection,
        parts.lower_protection
    from {{ breakdown.level }}_alone as parts
    inner join {{ breakdown.of }} as totals
        on
            parts.parent_code = totals.area_code
            and parts.metric_id = totals.metric_id
            and parts.measure = totals.measure

),
{%- endif %}

-- Nothing is above the last level: it gives way to those beneath it, and to nobody else.
given_way as (

    select
        parent_code as area_code,
        metric_id,
        measure,
        bool_or(is_total_suppressed) as is_suppressed
    from {{ levels[-2] }}
    group by parent_code, metric_id, measure

),

{{ top }} as (

    select
        room.area_level,
        room.area_code,
        room.parent_code,
        room.metric_id,
        room.measure,
        room.is_primary or given_way.is_suppressed as is_suppressed,
        room.shown_up as feasible_up,
        room.shown_down as feasible_down,
        room.upper_protection,
        room.lower_protection
    from {{ room }} as room
    inner join given_way
        on
            room.area_code = given_way.area_code
            and room.metric_id = given_way.metric_id
            and room.measure = given_way.measure
    where room.area_level = '{{ top }}'

),

decided as (
{% for level in levels + ([breakdown.level] if breakdown else []) %}
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_suppressed,
        feasible_up,
        feasible_down,
        upper_protection,
        lower_protection
    from {{ level }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
)

select
    area_level,
    area_code,
    parent_code,
    metric_id,
    measure,
    is_suppressed,
    cast(feasible_up as bigint) as feasible_up,
    cast(feasible_down as bigint) as feasible_down,
    cast(upper_protection as bigint) as upper_protection,
    cast(lower_protection as bigint) as lower_protection
from decided
order by measure, metric_id, area_level, area_code
{%- endmacro %}
