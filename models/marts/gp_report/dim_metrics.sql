select
    metric_id,
    title,
    numerator,
    denominator,
    unit,
    direction,
    origin,
    basis,
    source
from {{ ref('metrics') }}
order by metric_id
