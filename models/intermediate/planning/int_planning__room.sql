-- Every count for planning with its room, as int_gp_report__room. Each is a part of another one
-- that is published: a month's patients and a register's population of the patients, the register
-- of its population, a target's denominator of the register, its numerator of that. Halfway
-- between the true counts a fence is put up. A CCG's total is also made up of its bands: where it
-- is shown, it is taken for known exactly, so that what hides a practice asks nothing of the
-- bands.

with counts as (

    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        numerator_count,
        denominator_count
    from {{ ref('int_planning__areas') }}
    union all
    select
        'band' as area_level,
        ccg_code || ' ' || band as area_code,
        ccg_code as parent_code,
        metric_id,
        numerator_count,
        denominator_count
    from {{ ref('int_planning__bands') }}

),

listed as (

    select
        counts.*,
        metrics.kind,
        metrics.register,
        metrics.kind = 'patients' as is_list,
        max(case when metrics.kind = 'patients' then counts.denominator_count end)
            over (partition by counts.area_level, counts.area_code) as list_count
    from counts
    inner join {{ ref('int_planning__metrics') }} as metrics
        on counts.metric_id = metrics.metric_id

),

compared as (

    {{ compared_with_last('listed') }}

),

measures as (

    select
        *,
        'numerator' as measure,
        -- activity has no value that could be told more exactly than the count
        kind = 'activity' or {{ is_guarded('numerator') }} as is_guarded,
        numerator_count as cell_count,
        case when kind = 'activity' then 'patients' else metric_id end as whole_metric_id,
        'denominator' as whole_measure
    from compared
    where kind <> 'patients'
    union all
    select
        *,
        'denominator' as measure,
        {{ is_guarded('denominator') }} as is_guarded,
        denominator_count as cell_count,
        case kind
            when 'register' then 'patients'
            when 'target' then register
        end as whole_metric_id,
        case kind
            when 'register' then 'denominator'
            when 'target' then 'numerator'
        end as whole_measure
    from compared
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

fenced as (

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

),

limits as (

    select
        *,
        case when is_exact then cell_count else lowest_count end as lowest_shown_count,
        case when is_exact then cell_count else highest_count end as highest_shown_count
    from fenced

),

{{ room_to_move(
    'limits',
    groups=[('ccg', 'england'), ('practice', 'ccg'), ('band', 'ccg')],
    carried=['numerator_count', 'denominator_count', 'is_guarded']
) }}
