-- Every count of releases with its room, as int_gp_report__room: the steps at which the people of
-- a release stand, how exactly its events are told, and of what was handed out, who has objected
-- since; and the totals of them.

with parts as (

    select
        release_id as parent_code,
        coalesce('step ' || step, 'left out') as part_code,
        'release_steps' as metric_id,
        'people' as measure,
        count(*) as cell_count
    from {{ ref('int_releases__generalised') }}
    group by release_id, step
    union all
    select
        release_id || ' ' || dataset as parent_code,
        told_precision as part_code,
        'release_precision' as metric_id,
        'people' as measure,
        count(*) as cell_count
    from {{ ref('int_releases__events_told') }}
    where told_precision is not null
    group by release_id, dataset, told_precision
    union all
    select
        release_id || ' ' || disseminated_on as parent_code,
        opt_out_kind as part_code,
        'release_recall' as metric_id,
        'people' as measure,
        person_count as cell_count
    from {{ ref('int_releases__recalled') }}

),

{{ parts_and_totals('parts') }}

{{ room_to_move('limits') }}
