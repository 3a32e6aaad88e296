-- Unit:         patients admitted for a condition, or the admissions for any; of a GP's list, a
--               practice, a CCG or England
-- Numerator, period, exclusions, source: int_admissions__qualifying
-- Denominator:  the patients of the area, as fct_gp_metrics and fct_comparators show them
-- Disclosure:   int_conditions__cells; the rate from the count shown there and
--               from what the area's denominator is told to be

select
    shown.area_level,
    cells.practice_code,
    coalesce(cells.gp_code, cells.area_code) as area_code,
    shown.condition,
    shown.counted,
    shown.shown_count,
    {{ in_unit(
        'shown.shown_count'
        ~ ' / nullif((cells.lowest_denominator + cells.highest_denominator) / 2e0, 0)',
        "'per_1000'"
    ) }} as rate_per_1000,
    coalesce({{ to_text('shown.shown_count') }}, '*') as count_text,
    shown.suppression_reason
from {{ ref('int_conditions__cells') }} as shown
cross join {{ ref('int_disclosure__rules') }} as rules
inner join {{ ref('int_gp_report__cells') }} as cells
    on
        shown.area_level = cells.area_level
        and shown.area_code = cells.area_code
        and cells.metric_id = 'emergency_admissions'
order by 1, 2, 3, 4, 5
