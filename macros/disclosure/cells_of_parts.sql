{% macro cells_of_parts(room, decided) -%}
with cells as (

    {{ shown_counts(room, decided) }}

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
{%- endmacro %}
