-- The rows of the practice files as people, before it is asked whose practice takes part: one row a
-- person and practice, whoever has objected still among them, and one a practice and rule for the
-- rows that name nobody usable.

with records as (

    select * from {{ ref('int_records__judged') }}

),

-- Few numbers occur twice; only their rows are worth comparing.
-- The rule is asked of the groups: where every reader of `records` has a condition, DuckDB judges
-- each row a second time to filter by them.
seen_again as (

    select nhs_number
    from records
    group by nhs_number
    having count(*) filter (where rejected_rule is null) > 1

)

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
