-- Why the run may not stand, one row a reason with its sentence; none is how it should be. The run
-- would publish zeros that nobody counted, or too little of what there is, or hold people whose
-- objections were lost on the way.

{% set next_month = months_from("cast(date_trunc('month', period_end) as date)", 1) -%}

with size as (

    select coalesce(sum(person_count), 0) as person_count
    from {{ ref('int_practices__people_counts') }}

),

-- what keeps most of the practices out that sent anything
reasons as (

    select
        not_collected_reason,
        row_number() over (order by count(*) desc, not_collected_reason nulls last) as place
    from {{ ref('int_practices__collected') }}
    where extracted_at is not null
    group by not_collected_reason

),

admissions as (

    select count(*) as row_count from {{ ref('int_admissions__emergency') }}
    union all
    select count(*) as row_count from {{ ref('int_journals__hospital') }}

),

all_admissions as (

    select sum(row_count) as row_count from admissions

),

-- in a collection that has a definition of emergencies: what its filters drop most of them by
dropped as (

    select
        min(field || coalesce(' ' || value, ' missing')) filter (where place = 1) as most,
        bool_or(field is null) as has_any_in_scope
    from (
        select
            *,
            row_number() over (
                order by row_count desc nulls last, field asc nulls last, value asc nulls last
            ) as place
        from {{ ref('int_intake__scope_counts') }}
    )

),

-- months of the period, those that it holds wholly, counted from year 0
period as (

    select
        12 * year(period_start) + month(period_start)
        + case when period_start > date_trunc('month', period_start) then 1 else 0 end
            as first_month,
        12 * year(period_end) + month(period_end)
        - case when {{ days_between('period_end', next_month) }} > 1 then 1 else 0 end
            as last_month
    from {{ ref('int_collection__settings') }}

),

covered as (

    select
        period.last_month - period.first_month + 1 as month_count,
        count(distinct 12 * year(episodes.admission_date) + month(episodes.admission_date))
            as covered_count,
        count(*) as row_count,
        left({{ to_text('min(episodes.admission_date)') }}, 7) as first_month,
        left({{ to_text('max(episodes.admission_date)') }}, 7) as last_month
    from {{ ref('int_episodes__scoped') }} as episodes
    inner join period
        on
            12 * year(episodes.admission_date) + month(episodes.admission_date)
            between period.first_month and period.last_month
    where episodes.is_emergency and episodes.rejected_rule is null
    group by period.first_month, period.last_month

),

found as (

    select
        'national_file_mostly_unusable' as rule,
        'only ' || cast(floor(1e2 * used_count / row_count) as integer)
        || ' % of the rows of ' || file_name || ' can be used' as essence,
        worst_rule
    from {{ ref('int_intake__national_shares') }}
    where not is_enough
    union all
    select
        'nobody_collected' as rule,
        'nobody is collected' as essence,
        reasons.not_collected_reason as worst_rule
    from size
    left join reasons on reasons.place = 1
    where size.person_count = 0
    union all
    select
        'answers_unreadable' as rule,
        sum(row_count) || ' lines of ' || file_name
        || ' cannot be told to a practice, and each may be its withdrawal' as essence,
        'answers_unreadable' as worst_rule
    from {{ ref('int_intake__row_counts') }}
    where
        file_kind = 'cqrs_participation'
        and rule in ('unreadable_row', 'answer_of_nobody_known')
    group by file_name
    union all
    select
        'no_objection_arrived' as rule,
        'of ' || subject || ' not one ' || replace(opt_out_kind, '_', ' ') || ' objection came for '
        || person_count || ' people' as essence,
        'no_objection_arrived' as worst_rule
    from {{ ref('int_opt_outs__lost') }}
    union all
    select
        'no_admission_found' as rule,
        'not one admission was found for ' || size.person_count || ' people' || coalesce(
            case
                when not dropped.has_any_in_scope
                    then ': the definition leaves all out, most by ' || dropped.most
            end,
            ''
        ) as essence,
        'no_admission_found' as worst_rule
    from size
    cross join all_admissions
    cross join dropped
    inner join {{ ref('reconciliation_rules') }} as limits on limits.rule = 'admissions_from'
    where
        size.person_count >= limits.value
        and (all_admissions.row_count = 0 or not coalesce(dropped.has_any_in_scope, true))
        and exists (
            select 1
            from {{ ref('stg_landing__files') }} as files
            where files.file_kind = 'hes_apc'
        )
    union all
    select
        'months_without_admission' as rule,
        'in only ' || covered.covered_count || ' of the ' || covered.month_count
        || ' months of the period somebody was admitted as an emergency, from '
        || covered.first_month || ' to ' || covered.last_month as essence,
        'months_without_admission' as worst_rule
    from covered
    inner join {{ ref('reconciliation_rules') }} as limits
        on limits.rule = 'admissions_each_month_from'
    where
        covered.covered_count < covered.month_count
        and covered.row_count >= limits.value * covered.covered_count

)

select
    found.rule,
    -- the rule that took most, or what to do where it is not about rows
    'The run stops: ' || found.essence || coalesce(
        case
            when worst.applies_to = 'run' then '; ' || worst.what_to_do
            else ' (' || worst.meaning || ')'
        end,
        ''
    ) || '.' as sentence,
    rules.rule_order
from found
inner join {{ ref('intake_rules') }} as rules on found.rule = rules.rule
left join {{ ref('intake_rules') }} as worst on found.worst_rule = worst.rule
