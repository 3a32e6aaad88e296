-- What is counted of releases, as parts and what they are parts of, for int_assurance__counts: the
-- steps at which their people stand, and of what was handed out, who has objected since.

select
    release_id as parent_code,
    coalesce('step ' || step, 'left out') as area_code,
    'release_steps' as metric_id,
    count(*) as cell_count
from {{ ref('int_releases__generalised') }}
group by release_id, step
union all
select
    release_id || ' ' || disseminated_on as parent_code,
    opt_out_kind as area_code,
    'release_recall' as metric_id,
    person_count as cell_count
from {{ ref('int_releases__recalled') }}
order by metric_id, parent_code, area_code
