-- Each practice's opt-outs in this extract beside those in its previous one, from the snapshot of
-- counts.

with previous_extract as (

    select
        history.practice_code,
        history.gp_system_supplier,
        history.opt_out_kind,
        history.objector_count
    from {{ ref('snp_opt_outs__counts') }} as history
    cross join {{ ref('int_collection__settings') }} as settings
    where
        history.dbt_valid_from < settings.collected_at
        and coalesce(history.dbt_valid_to >= settings.collected_at, true)

)

select
    coalesce(extract.practice_code, previous_extract.practice_code) as practice_code,
    coalesce(extract.gp_system_supplier, previous_extract.gp_system_supplier, 'UNKNOWN')
        as gp_system_supplier,
    case
        when previous_extract.practice_code is not null
            then coalesce(previous_extract.gp_system_supplier, 'UNKNOWN')
    end as previous_supplier,
    coalesce(extract.opt_out_kind, previous_extract.opt_out_kind) as opt_out_kind,
    -- a practice that sent nothing this time sent no opt-outs either
    coalesce(extract.has_opt_out_file, false) as has_opt_out_file,
    coalesce(extract.objector_count, 0) as objector_count,
    previous_extract.objector_count as previous_count
from {{ ref('int_opt_outs__counts') }} as extract
full outer join previous_extract
    on
        extract.practice_code = previous_extract.practice_code
        and extract.opt_out_kind = previous_extract.opt_out_kind
order by practice_code, opt_out_kind
