-- Every count of the assurance marts with its room, as int_gp_report__room: parts and their
-- totals, the practices of a supplier and a practice's reasons for leaving people out. The sum of
-- the reasons is not published; but who knows how many patients a practice has comes close to it,
-- so it is taken for known to the nearest 5.

with parts as (

    select
        gp_system_supplier as parent_code,
        practice_code as part_code,
        opt_out_kind as metric_id,
        'objectors' as measure,
        objector_count as cell_count
    from {{ ref('int_opt_outs__extracts') }}
    union all
    select
        -- among those of then: beside others, what hid a small number would be shown now
        previous_supplier as parent_code,
        practice_code as part_code,
        opt_out_kind as metric_id,
        'previous_objectors' as measure,
        previous_count as cell_count
    from {{ ref('int_opt_outs__extracts') }}
    where previous_count is not null
    union all
    select
        practice_code as parent_code,
        rule as part_code,
        'exclusions' as metric_id,
        case when verdict = 'kept' then 'let_in' else 'left_out' end as measure,
        row_count as cell_count
    from {{ ref('int_intake__record_counts') }}
    where verdict = 'excluded' or rule like 'lifted_by_%'

),

{{ parts_and_totals('parts') }}

{{ room_to_move('limits') }}
