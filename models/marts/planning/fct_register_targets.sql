-- Unit:        a target of a register in a practice, a CCG or England
-- Numerator, denominator: int_registers__targets
-- Interval:    Wilson's, from the shown counts
-- Disclosure:  int_disclosure__cells; percent and interval from the shown counts alone

{% set counts = ['cells.numerator_count', 'cells.denominator_count'] %}

select
    metrics.register,
    metrics.target,
    cells.area_level,
    cells.area_code,
    cells.numerator_count,
    cells.denominator_count,
    round(100 * cells.numerator_count / nullif(cast(cells.denominator_count as double), 0), 1)
        as percent,
    round(100 * {{ wilson_limit('lower', *counts, confidence=95) }}, 1) as lower_95_ci,
    round(100 * ({{ wilson_limit('upper', *counts, confidence=95) }}), 1) as upper_95_ci,
    cells.numerator_count is null or cells.denominator_count is null as is_suppressed,
    {{ suppression('cells') }}
from {{ ref('int_disclosure__cells') }} as cells
inner join {{ ref('int_planning__metrics') }} as metrics on cells.metric_id = metrics.metric_id
where metrics.kind = 'target'
order by metrics.register, metrics.target, cells.area_level, cells.area_code
