-- Unit:     opt-outs of one kind in the records of a practice, or of all practices of a supplier
-- Compared: this extract with the previous one
-- Shown:    int_assurance__cells; alerts from the exact counts
-- Why:      150,000 objections recorded at one supplier's practices were not sent for three years,
--           because nobody compared (domain handbook, section 10)

with levels as (

    select
        'practice' as level,
        practice_code as code,
        *
    from {{ ref('int_opt_outs__extracts') }}
    union all
    select
        'supplier' as level,
        gp_system_supplier as code,
        *
    from {{ ref('int_opt_outs__extracts') }}

),

totals as (

    select
        level,
        code,
        opt_out_kind,
        bool_and(has_opt_out_file) as has_opt_out_file,
        sum(objector_count) as objector_count,
        -- like with like: a practice that is new this time makes up for nobody's fall
        sum(objector_count) filter (where previous_count is not null) as compared_count,
        sum(previous_count) as previous_count
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
        when totals.objector_count = 0 then 'no_opt_outs'
        when totals.compared_count < 0.9 * totals.previous_count then 'fell_by_more_than_10_percent'
    end as alert,
    coalesce({{ to_text('objectors.shown_count') }}, '*') as objector_text,
    case
        when totals.previous_count is not null
            then coalesce({{ to_text('previous.shown_count') }}, '*')
    end as previous_text
from totals
left join {{ ref('int_assurance__cells') }} as objectors
    on {{ same_opt_outs('totals', 'objectors', 'objectors') }}
left join {{ ref('int_assurance__cells') }} as previous
    on {{ same_opt_outs('totals', 'previous', 'previous_objectors') }}
order by totals.level, totals.code, totals.opt_out_kind
