-- Unit:         patients admitted for a condition, or the admissions for any; of a GP's list, a
--               practice, a CCG or England
-- Numerator, period, exclusions, source: int_admissions__qualifying
-- Denominator:  the patients of the area, as fct_gp_metrics and fct_comparators show them
-- Disclosure:   int_conditions__shown; the rate from shown counts alone

select
    shown.area_level,
    shown.practice_code,
    shown.area_code,
    shown.condition,
    shown.counted,
    shown.shown_count,
    round(1000 * shown.shown_count / nullif(cast(cells.denominator_count as double), 0), 1)
        as rate_per_1000,
    coalesce(cast(shown.shown_count as varchar), '*') as count_text,
    shown.suppression_reason
from {{ ref('int_conditions__shown') }} as shown
inner join {{ ref('int_disclosure__cells') }} as cells
    on
        shown.area_level = cells.area_level
        and shown.practice_code is not distinct from cells.practice_code
        and shown.area_code = cells.area_code
        and cells.metric_id = 'emergency_admissions'
order by 1, 2, 3, 4, 5
