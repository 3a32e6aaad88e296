-- The rows of the practice files as people: one row a person and practice, whoever has objected
-- still among them, and one a practice and rule for the rows that name nobody usable.

with records as (

    select * from {{ ref('int_records__judged') }}

),

-- Few numbers occur twice; only their rows are worth comparing.
seen_again as (

    select nhs_number
    from records
    where rejected_rule is null
    group by nhs_number
    having count(*) > 1

),

people as (

    select
        records.practice_code,
        records.nhs_number,
        records.usual_gp_code,
        records.metric_flags,
        1 as row_count,
        null as rejected_rule
    from records
    left join seen_again on records.nhs_number = seen_again.nhs_number
    where records.rejected_rule is null and seen_again.nhs_number is null
    union all
    select
        records.practice_code,
        records.nhs_number,
        min(records.usual_gp_code) as usual_gp_code,
        min(records.metric_flags) as metric_flags,
        count(*) as row_count,
        case
            when min(records.usual_gp_code) <> max(records.usual_gp_code)
                then 'repeated_with_another_gp'
            when min(records.metric_flags) <> max(records.metric_flags)
                then 'repeated_with_other_metrics'
        end as rejected_rule
    from records
    inner join seen_again on records.nhs_number = seen_again.nhs_number
    where records.rejected_rule is null
    group by records.practice_code, records.nhs_number
    union all
    select
        practice_code,
        null as nhs_number,
        '' as usual_gp_code,
        '' as metric_flags,
        count(*) as row_count,
        rejected_rule
    from records
    where rejected_rule is not null
    group by practice_code, rejected_rule

),

current_gps as (

    select
        gps.gp_code,
        gps.practice_code
    from {{ ref('int_ods__gps') }} as gps
    inner join {{ ref('int_practices__collected') }} as practices
        on gps.practice_code = practices.practice_code
    where
        gps.status_code = 'A'
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
from people
left join {{ ref('int_practices__collected') }} as practices
    on people.practice_code = practices.practice_code
left join {{ ref('default_codes') }} as defaults
    on people.usual_gp_code = defaults.code
left join current_gps as gps
    on
        people.usual_gp_code = gps.gp_code
        and people.practice_code = gps.practice_code
