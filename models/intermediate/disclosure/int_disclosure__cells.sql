-- Every count as it may be shown, or the reason why not; and the lowest and the highest that it is
-- told to be: itself where nobody hides behind its rounding, else whatever is shown alike. Values,
-- intervals, limits and categories follow from these ranges and from nothing else.

with counts as (

    select
        withheld.area_level,
        withheld.practice_code,
        withheld.area_code,
        withheld.metric_id,
        withheld.measure,
        withheld.shown_count,
        withheld.reason,
        room.cell_count,
        coalesce(
            bool_or(held.is_held or withheld.shown_count is null) over (
                partition by
                    withheld.area_level,
                    withheld.practice_code,
                    withheld.area_code,
                    withheld.metric_id
            ),
            true
        ) as is_held,
        case
            when withheld.shown_count > 0
                then
                    greatest(
                        withheld.shown_count - {{ integer_divide('rules.rounding', 2) }},
                        rules.small_number_to + 1
                    )
            else withheld.shown_count
        end as lowest_count,
        case
            when withheld.shown_count > 0
                then withheld.shown_count + {{ integer_divide('rules.rounding - 1', 2) }}
            else withheld.shown_count
        end as highest_count
    from {{ ref('int_disclosure__withheld') }} as withheld
    cross join {{ ref('int_disclosure__rules') }} as rules
    inner join {{ ref('int_disclosure__room') }} as room
        on
            withheld.area_level = room.area_level
            and withheld.area_code = room.area_code
            and withheld.parent_code is not distinct from room.parent_code
            and withheld.metric_id = room.metric_id
            and withheld.measure = room.measure
    left join {{ ref('int_disclosure__held') }} as held
        on
            withheld.area_level = held.area_level
            and withheld.practice_code is not distinct from held.practice_code
            and withheld.area_code = held.area_code
            and withheld.metric_id = held.metric_id
            and withheld.measure = held.measure

),

told as (

    select
        *,
        case
            when shown_count is not null and is_held then lowest_count
            when shown_count is not null then cell_count
        end as lowest_told,
        case
            when shown_count is not null and is_held then highest_count
            when shown_count is not null then cell_count
        end as highest_told
    from counts

)

select
    area_level,
    practice_code,
    area_code,
    metric_id,
    max(shown_count) filter (where measure = 'numerator') as numerator_count,
    max(reason) filter (where measure = 'numerator') as numerator_reason,
    cast(max(lowest_told) filter (where measure = 'numerator') as integer) as lowest_numerator,
    cast(max(highest_told) filter (where measure = 'numerator') as integer) as highest_numerator,
    max(shown_count) filter (where measure = 'denominator') as denominator_count,
    max(reason) filter (where measure = 'denominator') as denominator_reason,
    cast(max(lowest_told) filter (where measure = 'denominator') as integer) as lowest_denominator,
    cast(max(highest_told) filter (where measure = 'denominator') as integer)
        as highest_denominator,
    not bool_or(is_held) and count(shown_count) = count(*) as is_exact
from told
group by area_level, practice_code, area_code, metric_id
order by area_level, practice_code, area_code, metric_id
