-- What the assurance marts and releases count, as parts and their totals: the practices of a
-- supplier, a practice's reasons for leaving people out, the steps of a release. The sum of the
-- reasons is not published; but who knows how many patients a practice has comes close to it, so it
-- is taken for known to the nearest 5.

with parts as (

    select
        gp_system_supplier as parent_code,
        practice_code as area_code,
        opt_out_kind as metric_id,
        'objectors' as measure,
        objector_count as cell_count
    from {{ ref('int_opt_outs__extracts') }}
    union all
    select
        gp_system_supplier as parent_code,
        practice_code as area_code,
        opt_out_kind as metric_id,
        'previous_objectors' as measure,
        previous_count as cell_count
    from {{ ref('int_opt_outs__extracts') }}
    where previous_count is not null
    union all
    select
        practice_code as parent_code,
        rule as area_code,
        'exclusions' as metric_id,
        case when verdict = 'kept' then 'let_in' else 'left_out' end as measure,
        row_count as cell_count
    from {{ ref('int_intake__record_counts') }}
    where verdict = 'excluded' or rule like 'lifted_by_%'
    union all
    select
        parent_code,
        area_code,
        metric_id,
        'people' as measure,
        cell_count
    from {{ ref('int_releases__counts') }}

)

select
    'part' as area_level,
    parent_code,
    area_code,
    metric_id,
    measure,
    cast(cell_count as bigint) as cell_count
from parts
union all
select
    'total' as area_level,
    null as parent_code,
    parent_code as area_code,
    metric_id,
    measure,
    cast(sum(cell_count) as bigint) as cell_count
from parts
group by parent_code, metric_id, measure
order by area_level, measure, metric_id, parent_code, area_code
