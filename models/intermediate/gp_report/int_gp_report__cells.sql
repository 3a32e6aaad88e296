-- Every count of the GP report as it may be shown, or the reason why not; and the lowest and the
-- highest that it is told to be: itself where nobody hides behind its rounding, else whatever is
-- shown alike. Values, intervals, limits and categories follow from these ranges and from nothing
-- else.

with cells as (

    {{ told_cells(
        ref('int_gp_report__room'),
        ref('int_gp_report__decided'),
        levels=['gp', 'practice', 'ccg', 'england']
    ) }}

)

select
    area_level,
    area_code,
    case area_level when 'gp' then parent_code when 'practice' then area_code end as practice_code,
    case area_level when 'gp' then {{ own_code('area_code', 'parent_code') }} end as gp_code,
    metric_id,
    numerator_count,
    numerator_reason,
    lowest_numerator,
    highest_numerator,
    denominator_count,
    denominator_reason,
    lowest_denominator,
    highest_denominator,
    is_exact
from cells
order by area_level, area_code, metric_id
