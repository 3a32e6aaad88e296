-- Unit:         one metric of one GP's list of patients
-- Numerator, denominator, period, exclusions: dim_metrics and int_metrics__by_gp
-- Disclosure:   HES rule; percent and rate from the rounded counts (domain handbook, section 8)

with controlled as (

    select
        practice_code,
        gp_code,
        metric_id,
        {{ disclosure_control('numerator_count') }} as numerator_count,
        {{ disclosure_control('denominator_count') }} as denominator_count
    from {{ ref('int_metrics__by_gp') }}

)

select
    controlled.practice_code,
    controlled.gp_code,
    controlled.metric_id,
    {{ measures('controlled', 'metrics.unit') }}
from controlled
inner join {{ ref('dim_metrics') }} as metrics on controlled.metric_id = metrics.metric_id
order by controlled.practice_code, controlled.gp_code, controlled.metric_id
