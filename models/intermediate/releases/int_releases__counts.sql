-- What is counted of releases, as parts and what they are parts of, for int_releases__room: the
-- steps at which their people stand, how exactly their events are told, and of what was handed out,
-- who has objected since.

select
    release_id as parent_code,
    coalesce('step ' || step, 'left out') as part_code,
    'release_steps' as metric_id,
    count(*) as cell_count
from {{ ref('int_releases__generalised') }}
group by release_id, step
union all
select
    release_id || ' ' || dataset as parent_code,
    told_precision as part_code,
    'release_precision' as metric_id,
    count(*) as cell_count
from {{ ref('int_releases__events_told') }}
where told_precision is not null
group by release_id, dataset, told_precision
union all
select
    release_id || ' ' || disseminated_on as parent_code,
    opt_out_kind as part_code,
    'release_recall' as metric_id,
    person_count as cell_count
from {{ ref('int_releases__recalled') }}
order by metric_id, parent_code, part_code
