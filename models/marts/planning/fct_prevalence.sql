-- Unit:        a register in a practice, a CCG or England; for CCGs and England by age band and sex
-- Numerator, denominator: int_planning__counted; age bands: int_planning__bands
-- Disclosure:  int_planning__cells. England's bands are the sums of what the CCGs show, and shown
--              where all of them are: so they tell nothing that the CCGs do not

with cells as (

    select cells.*
    from {{ ref('int_planning__cells') }} as cells
    inner join {{ ref('int_planning__metrics') }} as metrics on cells.metric_id = metrics.metric_id
    where metrics.kind = 'register'

),

bands as (

    select
        *,
        split_part(area_code, ' ', 1) as ccg_code,
        split_part(area_code, ' ', 2) as age_band,
        split_part(area_code, ' ', 3) as sex
    from cells
    where area_level = 'band'

),

shown as (

    select
        metric_id as register,
        area_level,
        area_code,
        'all' as age_band,
        'all' as sex,
        numerator_count,
        denominator_count,
        numerator_reason,
        denominator_reason,
        lowest_numerator,
        highest_numerator,
        lowest_denominator,
        highest_denominator,
        is_exact
    from cells
    where area_level <> 'band'
    union all
    select
        metric_id as register,
        'ccg' as area_level,
        ccg_code as area_code,
        age_band,
        sex,
        numerator_count,
        denominator_count,
        numerator_reason,
        denominator_reason,
        lowest_numerator,
        highest_numerator,
        lowest_denominator,
        highest_denominator,
        is_exact
    from bands
    union all
    select
        metric_id as register,
        'england' as area_level,
        'ENGLAND' as area_code,
        age_band,
        sex,
        case when count(*) = count(numerator_count) then sum(numerator_count) end
            as numerator_count,
        case when count(*) = count(denominator_count) then sum(denominator_count) end
            as denominator_count,
        min(numerator_reason) as numerator_reason,
        min(denominator_reason) as denominator_reason,
        case when count(*) = count(lowest_numerator) then sum(lowest_numerator) end
            as lowest_numerator,
        case when count(*) = count(lowest_denominator) then sum(lowest_denominator) end
            as lowest_denominator,
        case when count(*) = count(highest_numerator) then sum(highest_numerator) end
            as highest_numerator,
        case when count(*) = count(highest_denominator) then sum(highest_denominator) end
            as highest_denominator,
        bool_and(is_exact) as is_exact
    from bands
    group by metric_id, age_band, sex

)

select
    shown.register,
    shown.area_level,
    shown.area_code,
    shown.age_band,
    shown.sex,
    cast(shown.numerator_count as integer) as numerator_count,
    cast(shown.denominator_count as integer) as denominator_count,
    {{ in_unit(told_value('shown'), "'percent'") }} as percent,
    shown.is_exact,
    shown.numerator_count is null or shown.denominator_count is null as is_suppressed,
    {{ suppression('shown') }}
from shown
cross join {{ ref('int_disclosure__rules') }} as rules
order by shown.register, shown.area_level, shown.area_code, shown.age_band, shown.sex
