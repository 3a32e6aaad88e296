{% macro told_cells(room, decided, levels, breakdown=none) -%}
{%- set lowest, top = levels[0], levels[-1] -%}
{%- set all_levels = levels + ([breakdown.level] if breakdown else []) -%}
with shown as (

    {{ shown_counts(room, decided, carried=[
        'room.cell_count',
        'room.is_guarded',
        'decided.feasible_up',
        'decided.feasible_down',
        'decided.upper_protection',
        'decided.lower_protection',
    ]) }}

),

-- What must be able to move for nothing to be learnt: a suppressed count as far as it needs, a
-- guarded one as far as rounding lets it.
own as (

    select
        *,
        bool_or(reason is not null) over (partition by area_level, area_code, metric_id)
            as has_no_value,
        reason is not null or is_guarded as is_own,
        {%- for way, level in [('up', 'upper'), ('down', 'lower')] %}
        case
            when reason is not null then {{ level }}_protection
            when is_guarded then feasible_{{ way }}
            else 0
        end as own_{{ way }}{{ ',' if not loop.last }}
        {%- endfor %}
    from shown

),
{%- for level in [lowest] + ([breakdown.level] if breakdown else []) %}

{{ level }}_asks as (

    select
        *,
        own_up as ask_up,
        own_down as ask_down,
        is_own as is_asking
    from own
    where area_level = '{{ level }}'

),
{%- endfor %}

-- A total as far as the counts beneath it still ask, when all of them have given what they have.
{%- for level in levels[1:] %}

{{ level }}_asks as (

    {{ asked_of_totals(level, levels[loop.index0] ~ '_asks') }}

),
{%- endfor %}

-- From the top down, so that a count that has to move finds that room in those beneath it.
{{ top }} as (

    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        reason,
        shown_count,
        cell_count,
        feasible_up,
        feasible_down,
        is_asking as is_held
    from {{ top }}_asks

),
{%- for level in levels[:-1] | reverse %}

{{ level }} as (

    {{ held_in_groups(level ~ '_asks', levels[levels.index(level) + 1]) }}

),
{%- endfor %}
{%- if breakdown %}

{{ breakdown.level }} as (

    {{ held_in_groups(breakdown.level ~ '_asks', breakdown.of) }}

),
{%- endif %}

held as (
{% for level in all_levels %}
    select * from {{ level }}
    {{ 'union all' if not loop.last }}
{%- endfor %}
),

ranges as (

    select
        held.*,
        bool_or(held.is_held or held.shown_count is null) over (
            partition by held.area_level, held.area_code, held.metric_id
        ) as is_rounded,
        case
            when held.shown_count > 0
                then
                    greatest(
                        held.shown_count - {{ integer_divide('rules.rounding', 2) }},
                        rules.small_number_to + 1
                    )
            else held.shown_count
        end as lowest_count,
        case
            when held.shown_count > 0
                then held.shown_count + {{ integer_divide('rules.rounding - 1', 2) }}
            else held.shown_count
        end as highest_count
    from held
    cross join {{ ref('int_disclosure__rules') }} as rules

),

told as (

    select
        *,
        case
            when shown_count is not null and is_rounded then lowest_count
            when shown_count is not null then cell_count
        end as lowest_told,
        case
            when shown_count is not null and is_rounded then highest_count
            when shown_count is not null then cell_count
        end as highest_told
    from ranges

)

select
    area_level,
    area_code,
    parent_code,
    metric_id,
    {%- for measure in ['numerator', 'denominator'] %}
    max(shown_count) filter (where measure = '{{ measure }}') as {{ measure }}_count,
    max(reason) filter (where measure = '{{ measure }}') as {{ measure }}_reason,
    {%- for end in ['lowest', 'highest'] %}
    cast(max({{ end }}_told) filter (where measure = '{{ measure }}') as integer)
        as {{ end }}_{{ measure }},
    {%- endfor %}
    {%- endfor %}
    not bool_or(is_rounded) and count(shown_count) = count(*) as is_exact
from told
group by area_level, area_code, parent_code, metric_id
{%- endmacro %}
