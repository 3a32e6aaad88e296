-- Unit:     opt-outs of one kind in the records of a practice, or of all practices of a supplier
-- Compared: this extract with the previous one; of a supplier the practices that show both
-- Shown:    int_assurance__cells; alerts from what is shown: an exact fall would tell of few people
-- Why:      150,000 objections recorded at one supplier's practices were not sent for three years,
--           because nobody compared (domain handbook, section 10)

with practices as (

    select
        'practice' as level,
        practice_code as code,
        *
    from {{ ref('int_opt_outs__extracts') }}

),

shown as (

    select
        practices.*,
        case when previous.shown_count is not null then objectors.shown_count end as compared_count,
        case when objectors.shown_count is not null then previous.shown_count end as compared_before
    from practices
    left join {{ ref('int_assurance__cells') }} as objectors
        on {{ same_opt_outs('practices', 'objectors', 'objectors') }}
    left join {{ ref('int_assurance__cells') }} as previous
        on {{ same_opt_outs('practices', 'previous', 'previous_objectors') }}

),

levels as (

    select
        level,
        code,
        opt_out_kind,
        has_opt_out_file,
        previous_count,
        compared_count,
        compared_before
    from shown
    union all
    select
        'supplier' as level,
        gp_system_supplier as code,
        opt_out_kind,
        has_opt_out_file,
        previous_count,
        compared_count,
        compared_before
    from shown

),

totals as (

    select
        level,
        code,
        opt_out_kind,
        bool_and(has_opt_out_file) as has_opt_out_file,
        count(previous_count) > 0 as has_previous,
        sum(compared_count) as compared_count,
        sum(compared_before) as compared_before
    from levels
    group by level, code, opt_out_kind

)

select
    totals.level,
    totals.code,
    totals.opt_out_kind,
    objectors.shown_count as objector_count,
    previous.shown_count as previous_count,
    case
        when totals.level = 'practice' and not totals.has_opt_out_file then 'opt_out_file_missing'
        when objectors.shown_count = 0 then 'no_opt_outs'
        when totals.compared_count < 0.9 * totals.compared_before
            then 'fell_by_more_than_10_percent'
        when objectors.shown_count is null and previous.shown_count > 0 then 'may_have_fallen'
    end as alert,
    coalesce({{ to_text('objectors.shown_count') }}, '*') as objector_text,
    case when totals.has_previous then coalesce({{ to_text('previous.shown_count') }}, '*') end
        as previous_text
from totals
left join {{ ref('int_assurance__cells') }} as objectors
    on {{ same_opt_outs('totals', 'objectors', 'objectors') }}
left join {{ ref('int_assurance__cells') }} as previous
    on {{ same_opt_outs('totals', 'previous', 'previous_objectors') }}
order by totals.level, totals.code, totals.opt_out_kind
