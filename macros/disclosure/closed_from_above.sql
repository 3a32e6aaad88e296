{% macro closed_from_above(area_level, level_above) -%}
select
    own.area_level,
    own.parent_code,
    greatest(own.closed_conditions, above.closed_conditions) as closed_conditions,
    own.is_admissions_closed or above.is_admissions_closed as is_admissions_closed,
    -- where all conditions are shown above, and one alone is not nobody's, that one is any
    own.has_one_condition and above.closed_conditions = 0 as is_any_alone
from own
inner join areas on areas.area_level = '{{ level_above }}' and own.parent_code = areas.area_code
inner join {{ level_above }} as above on areas.parent_code = above.parent_code
where own.area_level = '{{ area_level }}'
{%- endmacro %}
