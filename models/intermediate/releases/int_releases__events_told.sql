-- How exactly the events of a release may be told. People who are alike in a release (age band,
-- sex, ethnicity, area) begin as one group a dataset, of whose events no more is told than the
-- period. Step by step, those parts of a group are told more exactly that as many people share as
-- the release asks for. The other parts stay together as they were, and if they are too few even
-- so, the smallest of the large parts stays with them: so that nobody is left over alone.

with asked as (

    select
        *,
        case when is_month_asked then event_month end as month
    from {{ ref('int_releases__events') }}

),

known as (

    select
        events.*,
        people.smallest_group,
        people.age_band,
        people.sex,
        people.ethnicity,
        people.area_code,
        cast(date_trunc('year', events.month) as date) as year,
        cast(date_trunc('quarter', events.month) as date) as quarter,
        case when events.is_method_asked then coalesce(methods.kind, 'unknown') end as kind,
        case when events.is_method_asked then coalesce(events.admission_method, 'unknown') end
            as method,
        concat_ws(
            ' ', events.release_id, events.dataset,
            people.age_band, people.sex, people.ethnicity, people.area_code
        ) as alike
    from asked as events
    inner join {{ ref('int_releases__generalised') }} as people
        on
            events.release_id = people.release_id
            and events.patient_key = people.patient_key
    left join {{ ref('admission_methods') }} as methods
        on events.admission_method = methods.admission_method
    where people.step is not null

),

{{ told_by_steps('known') }}

select
    release_id,
    patient_key,
    dataset,
    event_month,
    admission_method,
    smallest_group,
    age_band,
    sex,
    ethnicity,
    area_code,
    case
        when is_told_by_month then month
        when is_told_by_quarter then quarter
        when is_told_by_year then year
    end as told_month,
    case
        when not is_month_asked then null
        when is_told_by_month then 'month'
        when is_told_by_quarter then 'quarter'
        when is_told_by_year then 'year'
        else 'period'
    end as told_precision,
    case
        when not is_method_asked then null
        when is_told_by_method then method
        when is_told_by_kind then kind
        else 'any'
    end as told_method
from told
order by patient_key, release_id, dataset, event_month, admission_method
