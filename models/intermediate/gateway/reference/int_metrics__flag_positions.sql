select
    metric_id,
    flag_position
from {{ ref('stg_gpes__metric_flags') }}
order by flag_position
