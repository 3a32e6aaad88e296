{% macro flag_positions() -%}
select
    metric_id,
    row_number() over (order by metric_id nulls last) as flag_position
from {{ ref('metrics') }}
where origin = 'practice'
{%- endmacro %}
