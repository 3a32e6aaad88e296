-- Unit:        a target of a register in a practice, a CCG or England
-- Numerator, denominator: int_registers__targets
-- Interval:    Wilson's, which holds those of all counts that may be told
-- Disclosure:  int_planning__cells; percent and interval from the ranges told there

{% set lowest = ['cells.lowest_numerator', 'cells.highest_denominator'] %}
{#- null where the denominator is withheld, which `greatest` would pass over -#}
{% set highest = [
    'cells.highest_numerator',
    'cells.lowest_denominator + greatest(cells.highest_numerator - cells.lowest_denominator, 0)'
] %}

select
    metrics.register,
    metrics.target,
    cells.area_level,
    cells.area_code,
    cells.numerator_count,
    cells.denominator_count,
    {{ in_unit(told_value('cells'), "'percent'") }} as percent,
    {{ in_unit(wilson_limit('lower', *lowest, confidence=95), "'percent'") }} as lower_95_ci,
    {{ in_unit('(' ~ wilson_limit('upper', *highest, confidence=95) ~ ')', "'percent'") }}
        as upper_95_ci,
    cells.is_exact,
    cells.numerator_count is null or cells.denominator_count is null as is_suppressed,
    {{ suppression('cells') }}
from {{ ref('int_planning__cells') }} as cells
cross join {{ ref('int_disclosure__rules') }} as rules
inner join {{ ref('int_planning__metrics') }} as metrics on cells.metric_id = metrics.metric_id
where metrics.kind = 'target'
order by metrics.register, metrics.target, cells.area_level, cells.area_code
