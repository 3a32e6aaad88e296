-- How many events chance may give a list of which so many are expected: the funnel of a rate, in
-- counts. A count is too high once its own lower limit exceeds what is expected, and too low once
-- its upper limit falls short of it. Between two counts the curve is a straight line.

with possible as (

    -- Four standard deviations and ten more are beyond the upper limit, whatever is expected.
    select max(expected_count + 4 * sqrt(expected_count) + 10) as end_count
    from {{ ref('int_measures__comparisons') }}

),

counts as (

    select {{ whole_numbers_below('end_count') }} as event_count
    from possible

),

poisson as (

    select
        counts.event_count,
        {{ poisson_limit('lower', 'counts.event_count', 'exact', 99.8) }} as lower_99_8,
        {{ poisson_limit('lower', 'counts.event_count', 'exact', 95) }} as lower_95,
        {{ poisson_limit('upper', 'counts.event_count', 'exact', 95) }} as upper_95,
        {{ poisson_limit('upper', 'counts.event_count', 'exact', 99.8) }} as upper_99_8
    from counts
    left join {{ exact_poisson() }} as exact on counts.event_count = exact.event_count

),

limits as (

    select
        event_count,
        limit_name,
        limit_count
    from poisson
    unpivot (limit_count for limit_name in (lower_99_8, lower_95, upper_95, upper_99_8))

),

steps as (

    select
        limit_name,
        event_count,
        limit_count as expected_from,
        lead(limit_count) over (partition by limit_name order by event_count nulls last)
            as expected_below
    from limits

),

expected as (

    select distinct expected_count
    from {{ ref('int_measures__comparisons') }}
    where expected_count is not null

),

crossings as (

    select
        expected.expected_count,
        steps.limit_name,
        steps.event_count
        + (expected.expected_count - steps.expected_from)
        / (steps.expected_below - steps.expected_from) as event_count
    from expected
    inner join steps
        on
            expected.expected_count >= steps.expected_from
            and expected.expected_count < steps.expected_below

)

select
    expected_count,
    -- Where not even the upper limit of no events is expected, no count is too low.
    coalesce(max(event_count) filter (where limit_name = 'upper_99_8'), 0) as lower_99_8,
    coalesce(max(event_count) filter (where limit_name = 'upper_95'), 0) as lower_95,
    max(event_count) filter (where limit_name = 'lower_95') as upper_95,
    max(event_count) filter (where limit_name = 'lower_99_8') as upper_99_8
from crossings
group by expected_count
order by expected_count
