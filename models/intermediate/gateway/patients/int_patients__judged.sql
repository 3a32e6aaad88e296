-- The people of the practice files, with what becomes of their practice and who their GP is: one
-- row a person and practice, whoever has objected still among them, and one a practice and rule
-- for the rows that name nobody usable.

with current_gps as (

    select
        gps.gp_code,
        gps.practice_code
    from {{ ref('int_ods__gps') }} as gps
    inner join {{ ref('int_practices__admitted') }} as practices
        on gps.practice_code = practices.practice_code
    where
        gps.status = 'active'
        and coalesce(gps.joined_date, date '0001-01-01') <= cast(practices.extracted_at as date)
        and coalesce(gps.left_date, date '9999-12-31') > cast(practices.extracted_at as date)

)

select
    people.practice_code,
    people.nhs_number,
    people.row_count,
    people.rejected_rule,
    case
        -- a practice that nobody judged has not been let in
        when practices.practice_code is null then 'not_a_gp_practice'
        else practices.not_collected_reason
    end as not_collected_reason,
    coalesce(gps.gp_code, 'UNASSIGNED') as gp_code,
    case
        when gps.gp_code is not null then null
        when people.usual_gp_code = '' then 'usual_gp_missing'
        when defaults.code is not null then 'usual_gp_default_code'
        when not {{ is_gp_code('people.usual_gp_code') }} then 'usual_gp_malformed'
        else 'usual_gp_not_at_practice'
    end as usual_gp_rule,
    case when people.metric_flags like '%?%' then 'metric_value_unknown' end as metrics_rule,
    people.metric_flags
from {{ ref('int_patients__sent') }} as people
left join {{ ref('int_practices__admitted') }} as practices
    on people.practice_code = practices.practice_code
left join {{ ref('default_codes') }} as defaults
    on people.usual_gp_code = defaults.code
left join current_gps as gps
    on
        people.usual_gp_code = gps.gp_code
        and people.practice_code = gps.practice_code
