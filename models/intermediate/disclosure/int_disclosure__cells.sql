-- Every count as it may be shown, or the reason why not. Intervals, percentages and limits are
-- computed from these counts and from nothing else.

select
    area_level,
    practice_code,
    area_code,
    metric_id,
    max(shown_count) filter (where measure = 'numerator') as numerator_count,
    max(shown_count) filter (where measure = 'denominator') as denominator_count,
    max(reason) filter (where measure = 'numerator') as numerator_reason,
    max(reason) filter (where measure = 'denominator') as denominator_reason
from {{ ref('int_disclosure__withheld') }}
group by area_level, practice_code, area_code, metric_id
order by area_level, practice_code, area_code, metric_id
