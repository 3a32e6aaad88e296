-- The counts of the assurance marts as they may be shown: 0, to the nearest 5, or not at all.

with cells as (

    {{ shown_counts(ref('int_assurance__room'), ref('int_assurance__decided')) }}

)

select
    area_level,
    parent_code,
    case area_level
        when 'part' then {{ own_code('area_code', 'parent_code') }}
        else area_code
    end as area_code,
    metric_id,
    measure,
    reason,
    shown_count
from cells
order by area_level, parent_code, area_code, metric_id, measure
