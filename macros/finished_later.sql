{% macro finished_later(episodes) -%}
select distinct
    unfinished.nhs_number,
    unfinished.admission_date,
    unfinished.admission_method,
    unfinished.episode_order
from {{ episodes }} as unfinished
inner join {{ episodes }} as finished
    on
        unfinished.nhs_number = finished.nhs_number
        and unfinished.admission_date = finished.admission_date
        and unfinished.admission_method = finished.admission_method
        and unfinished.episode_order = finished.episode_order
where unfinished.episode_status <> '3' and finished.episode_status = '3'
{%- endmacro %}
