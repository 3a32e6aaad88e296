-- What is counted for planning: patients, registers, their targets, and for each month of the
-- period and category of record the patients with one. Only where the collection takes in journals.

with months as (

    select
        collection,
        {{ months_from('first_month', 'month_number') }} as month
    from (
        select
            collection,
            cast(date_trunc('month', period_start) as date) as first_month,
            {{ whole_numbers_below(
                '12 * (year(period_end) - year(period_start))'
                ~ ' + month(period_end) - month(period_start) + 1'
            ) }} as month_number
        from {{ ref('int_collection__settings') }}
    ) as numbered

),

patients as (

    select distinct 'patients' as metric_id
    from {{ ref('journal_categories') }} as categories
    inner join {{ ref('int_collection__settings') }} as settings
        on categories.collection = settings.collection

),

registers as (

    select registers.register
    from {{ ref('registers') }} as registers
    inner join {{ ref('int_collection__settings') }} as settings
        on registers.collection = settings.collection

),

metrics as (

    select
        metric_id,
        'patients' as kind,
        null as register,
        null as target,
        null as category,
        null as month
    from patients
    union all
    select
        register as metric_id,
        'register' as kind,
        register,
        null as target,
        null as category,
        null as month
    from registers
    union all
    select
        registers.register || ' ' || targets.target as metric_id,
        'target' as kind,
        registers.register,
        targets.target,
        null as category,
        null as month
    from registers
    inner join {{ ref('register_targets') }} as targets on registers.register = targets.register
    union all
    select
        categories.category || ' ' || {{ to_text('months.month') }} as metric_id,
        'activity' as kind,
        null as register,
        null as target,
        categories.category,
        months.month
    from {{ ref('journal_categories') }} as categories
    inner join months on categories.collection = months.collection

)

select
    metric_id,
    kind,
    register,
    target,
    category,
    month
from metrics
order by metric_id
