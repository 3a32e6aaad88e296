-- Unit:        patients with a record of a category in a month of the period; in a practice, a CCG
--              or England. Not records: a person with ten records would look like ten people.
-- Disclosure:  int_planning__cells

select
    metrics.category,
    metrics.month,
    cells.area_level,
    cells.area_code,
    cells.numerator_count as patient_count,
    cells.numerator_count is null as is_suppressed,
    coalesce({{ to_text('cells.numerator_count') }}, '*') as patient_text,
    case
        when cells.numerator_reason = 'changed_by_few' then 'changed_by_few'
        when cells.numerator_count is null then 'small_numbers'
    end as suppression_reason
from {{ ref('int_planning__cells') }} as cells
inner join {{ ref('int_planning__metrics') }} as metrics on cells.metric_id = metrics.metric_id
where metrics.kind = 'activity'
order by metrics.category, metrics.month, cells.area_level, cells.area_code
