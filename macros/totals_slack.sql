{% macro totals_slack(totals, above) -%}
-- others down, and the total above up: so far can this one go up
select
    totals.*,
    least(totals.own_up, above.all_down - totals.room_down + above.total_up) as total_up,
    least(totals.own_down, above.all_up - totals.room_up + above.total_down) as total_down
from {{ totals }} as totals
inner join {{ above }} as above
    on
        totals.parent_code = above.area_code
        and totals.metric_id = above.metric_id
        and totals.measure = above.measure
{%- endmacro %}
