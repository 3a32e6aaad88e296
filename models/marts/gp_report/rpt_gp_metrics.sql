-- Unit:       one metric of one GP's list of patients, as it is handed to the practice
-- Beside it:  the practice's value, its CCG's and England's, as fct_comparators shows them
-- Disclosure: that of fct_gp_metrics and fct_comparators; nothing is worked out here

with comparators as (

    select
        shown.area_level,
        shown.area_code,
        shown.metric_id,
        {{ value_text('shown') }} as value_text
    from {{ ref('fct_comparators') }} as shown

)

select
    gps.practice_code,
    gps.gp_code,
    lists.gp_name,
    gps.metric_id,
    metrics.title,
    metrics.unit,
    metrics.direction,
    gps.numerator_text,
    gps.denominator_text,
    {{ value_text('gps') }} as value_text,
    gps.is_exact,
    gps.lower_95_ci,
    gps.upper_95_ci,
    practice.value_text as practice_value_text,
    ccg.value_text as ccg_value_text,
    england.value_text as england_value_text
from {{ ref('fct_gp_metrics') }} as gps
inner join {{ ref('dim_metrics') }} as metrics on gps.metric_id = metrics.metric_id
inner join {{ ref('dim_practices') }} as practices on gps.practice_code = practices.practice_code
inner join {{ ref('dim_gps') }} as lists
    on
        gps.practice_code = lists.practice_code
        and gps.gp_code = lists.gp_code
left join comparators as practice
    on
        practice.area_level = 'practice'
        and gps.practice_code = practice.area_code
        and gps.metric_id = practice.metric_id
left join comparators as ccg
    on
        ccg.area_level = 'ccg'
        and practices.ccg_code = ccg.area_code
        and gps.metric_id = ccg.metric_id
left join comparators as england
    on
        england.area_level = 'england'
        and gps.metric_id = england.metric_id
order by gps.practice_code, gps.gp_code, gps.metric_id
