-- How far each count for planning may move when another world is imagined that would publish the
-- same, as int_disclosure__limits. Each is a part of another one that is published: a month's
-- patients and a register's population of the patients, the register of its population, a
-- target's denominator of the register, its numerator of that. Halfway between the true counts a
-- fence is put up. A CCG's total is also made up of its bands: where it is shown, it is taken for
-- known exactly, so that what hides a practice asks nothing of the bands.

with counts as (

    select
        counts.*,
        metrics.kind,
        metrics.register
    from {{ ref('int_disclosure__counts') }} as counts
    inner join {{ ref('int_planning__metrics') }} as metrics
        on counts.metric_id = metrics.metric_id

),

measures as (

    select
        *,
        'numerator' as measure,
        numerator_count as cell_count,
        case when kind = 'activity' then 'patients' else metric_id end as whole_metric_id,
        'denominator' as whole_measure
    from counts
    where kind <> 'patients'
    union all
    select
        *,
        'denominator' as measure,
        denominator_count as cell_count,
        case kind
            when 'register' then 'patients'
            when 'target' then register
        end as whole_metric_id,
        case kind
            when 'register' then 'denominator'
            when 'target' then 'numerator'
        end as whole_measure
    from counts
    where kind <> 'activity'

),

parts as (

    select
        area_level,
        area_code,
        whole_metric_id,
        whole_measure,
        max(cell_count) as largest_count
    from measures
    group by area_level, area_code, whole_metric_id, whole_measure

),

limits as (

    select
        measures.*,
        case
            when parts.largest_count is null then 1
            else
                greatest(
                    1, {{ integer_divide('parts.largest_count + measures.cell_count', 2) }}
                )
        end as lowest_count,
        case
            when wholes.cell_count is null then {{ unbounded() }}
            else {{ integer_divide('measures.cell_count + wholes.cell_count', 2) }}
        end as highest_count,
        measures.area_level = 'ccg' and measures.kind = 'register' as is_exact
    from measures
    left join parts
        on
            measures.area_level = parts.area_level
            and measures.area_code = parts.area_code
            and measures.metric_id = parts.whole_metric_id
            and measures.measure = parts.whole_measure
    left join measures as wholes
        on
            measures.area_level = wholes.area_level
            and measures.area_code = wholes.area_code
            and measures.whole_metric_id = wholes.metric_id
            and measures.whole_measure = wholes.measure

)

select
    area_level,
    practice_code,
    area_code,
    parent_code,
    metric_id,
    measure,
    kind = 'patients' as is_list,
    is_changed_by_few,
    cell_count,
    cast(lowest_count as bigint) as lowest_count,
    cast(highest_count as bigint) as highest_count,
    cast(case when is_exact then cell_count else lowest_count end as bigint) as lowest_shown_count,
    cast(case when is_exact then cell_count else highest_count end as bigint)
        as highest_shown_count
from limits
order by measure, metric_id, area_level, practice_code, area_code
