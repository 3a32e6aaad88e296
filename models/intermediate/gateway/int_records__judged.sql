-- Every row of the practice files under one verdict: usable, or rejected by a named rule.

with row_rules as (

    select
        records.practice_code,
        records.usual_gp_code,
        records.metric_flags,
        case
            when coalesce(records.stated_practice_code, '') <> records.practice_code
                then 'practice_code_differs_from_file'
            when coalesce(records.extracted_at_text, '') <> practices.extracted_at_text
                then 'extracted_at_differs_within_file'
            else {{ nhs_number_rule(
                'records.nhs_number', 'records.is_nhs_number_given', 'folder.is_synthetic'
            ) }}
        end as row_rule,
        records.nhs_number
    from {{ ref('stg_gpes__practice_records') }} as records
    cross join {{ ref('stg_landing__folder') }} as folder
    left join {{ ref('int_practices__collected') }} as practices
        on records.practice_code = practices.practice_code

),

people as (

    select
        practice_code,
        row_rule,
        case when row_rule is null then nhs_number end as nhs_number,
        count(*) as row_count,
        min(usual_gp_code) as usual_gp_code,
        min(metric_flags) as metric_flags,
        case
            when row_rule is not null then row_rule
            when min(usual_gp_code) <> max(usual_gp_code) then 'repeated_with_another_gp'
            when min(metric_flags) <> max(metric_flags) then 'repeated_with_other_metrics'
        end as rejected_rule
    from row_rules
    group by practice_code, row_rule, case when row_rule is null then nhs_number end

)

select
    people.practice_code,
    people.nhs_number,
    people.rejected_rule,
    practices.not_collected_reason,
    people.row_count,
    coalesce(gps.gp_code, 'UNASSIGNED') as gp_code,
    case
        when gps.gp_code is not null then null
        when people.usual_gp_code = '' then 'usual_gp_missing'
        when defaults.code is not null then 'usual_gp_default_code'
        else 'usual_gp_not_at_practice'
    end as usual_gp_rule,
    people.metric_flags
from people
left join {{ ref('int_practices__collected') }} as practices
    on people.practice_code = practices.practice_code
left join {{ ref('default_codes') }} as defaults
    on people.usual_gp_code = defaults.code
left join {{ ref('int_ods__gps') }} as gps
    on
        people.usual_gp_code = gps.gp_code
        and people.practice_code = gps.practice_code
        and gps.status_code = 'A'
        and coalesce(gps.joined_date, date '0001-01-01') <= cast(practices.extracted_at as date)
        and coalesce(gps.left_date, date '9999-12-31') > cast(practices.extracted_at as date)
