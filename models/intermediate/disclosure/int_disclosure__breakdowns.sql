-- Where a CCG's total is withheld, or no choice of bands hides the small ones, all bands are
-- withheld, nobody's among them: then they tell nothing of each other, nor of the total.

select
    bands.area_level,
    bands.area_code,
    bands.parent_code,
    bands.metric_id,
    bands.measure,
    bands.is_withheld
    or totals.is_withheld
    or bool_or(bands.is_total_withheld)
        over (partition by bands.parent_code, bands.metric_id, bands.measure) as is_withheld
from {{ ref('int_disclosure__bands') }} as bands
inner join {{ ref('int_disclosure__ccgs') }} as totals
    on
        bands.parent_code = totals.area_code
        and bands.metric_id = totals.metric_id
        and bands.measure = totals.measure
order by bands.measure, bands.metric_id, bands.parent_code, bands.area_code
