-- What is counted of releases, as parts and what they are parts of, for int_assurance__counts: the
-- groups of an aggregate release, the steps at which the people of another one stand, and of what
-- was handed out, who has objected since.

select
    release_id as parent_code,
    cell as area_code,
    'release_cells' as metric_id,
    cast(person_count as bigint) as cell_count
from {{ ref('int_releases__cells') }}
union all
select
    people.release_id as parent_code,
    coalesce('step ' || people.step, 'left out') as area_code,
    'release_steps' as metric_id,
    count(*) as cell_count
from {{ ref('int_releases__generalised') }} as people
inner join {{ ref('releases') }} as releases on people.release_id = releases.release_id
where releases.identifiability <> 'aggregate'
group by people.release_id, people.step
union all
select
    release_id || ' ' || disseminated_on as parent_code,
    opt_out_kind as area_code,
    'release_recall' as metric_id,
    person_count as cell_count
from {{ ref('int_releases__recalled') }}
order by metric_id, parent_code, area_code
