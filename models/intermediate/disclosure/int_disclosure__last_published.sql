-- How many people each cell was about when it was last shown, before this collection and by this
-- collection itself, when it was built before; and when its value was last told exactly. The
-- history is a table of the previous run: a source, because what is shown now depends on it.

{% set counts = ['cohort_count', 'numerator_count', 'told_cohort_count', 'told_numerator_count'] -%}

with history as (

    select
        published.area_level,
        case published.area_level when 'gp' then published.practice_code || ' ' else '' end
        || published.area_code as area_code,
        published.metric_id,
        {%- for count in counts %}
            published.{{ count }},
        {%- endfor %}
        published.collected_at,
        published.collected_at = rules.collected_at as is_this_collection
    from {{ source('disclosure_history', 'int_disclosure__published') }} as published
    cross join {{ ref('int_disclosure__rules') }} as rules
    where published.collected_at <= rules.collected_at

)

select
    area_level,
    area_code,
    metric_id,
    -- the same collection again is compared with what it was compared with before, and with itself:
    -- the same files show the same, others may not tell few people apart
    {%- for count in counts %}
        max_by({{ count }}, collected_at) filter (where not is_this_collection) as {{ count }},
        max({{ count }}) filter (where is_this_collection) as again_{{ count }},
    {%- endfor %}
    max(collected_at) filter (where not is_this_collection) as collected_at
from history
group by area_level, area_code, metric_id
order by area_level, area_code, metric_id
