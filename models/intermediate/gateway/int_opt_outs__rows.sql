-- The rows of the opt-out files, parsed once for all that look at them.

select *
from {{ ref('stg_gpes__opt_outs') }}
