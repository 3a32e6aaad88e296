-- The Poisson limits of every count that is needed, worked out once each: the numerators that rates
-- are told to have, and all counts that chance could give a list. The formula is long, and counts
-- are few.

with possible as (

    -- Four standard deviations and ten more are beyond the upper limit, whatever is expected.
    select max(expected_count + 4 * sqrt(expected_count) + 10) as end_count
    from {{ ref('int_measures__comparisons') }}

),

counts as (

    select cells.lowest_numerator as event_count
    from {{ ref('int_gp_report__cells') }} as cells
    inner join {{ ref('metrics') }} as metrics on cells.metric_id = metrics.metric_id
    where metrics.unit = 'per_1000' and cells.lowest_numerator is not null
    union distinct
    select cells.highest_numerator as event_count
    from {{ ref('int_gp_report__cells') }} as cells
    inner join {{ ref('metrics') }} as metrics on cells.metric_id = metrics.metric_id
    where metrics.unit = 'per_1000' and cells.highest_numerator is not null
    union distinct
    select {{ whole_numbers_below('end_count') }} as event_count
    from possible

)

select
    cast(event_count as integer) as event_count,
    {{ poisson_limit('lower', 'event_count', 99.8) }} as lower_99_8,
    {{ poisson_limit('lower', 'event_count', 95) }} as lower_95,
    {{ poisson_limit('upper', 'event_count', 95) }} as upper_95,
    {{ poisson_limit('upper', 'event_count', 99.8) }} as upper_99_8
from counts
order by event_count
