-- Who is in which release, under the pseudonym of that release alone. A release that honours
-- opt-outs has whoever is permitted on the day of dissemination; another relies on its exemption.
-- One of what is published anyway is about nobody.

with candidates as (

    select distinct
        releases.release_id,
        releases.opt_outs_honoured,
        patients.nhs_number
    from {{ ref('int_journals__patients') }} as patients
    cross join {{ ref('int_collection__settings') }} as settings
    inner join {{ ref('releases') }} as releases
        on
            settings.collection = releases.collection
            and releases.status = 'active'
            and releases.identifiability <> 'aggregate'
            and settings.disseminated_on between releases.start_date and releases.end_date
    where
        patients.scope_rule is null
        and patients.not_collected_reason is null

),

permitted as (

    {{ exclude_opted_out('candidates', var('collection')) }}

),

keyed as (

    select
        release_id,
        opt_outs_honoured,
        {{ pseudonymise('nhs_number') }} as patient_key,
        {{ release_pseudonym('release_id', 'nhs_number') }} as release_key
    from permitted

),

honouring as (

    select * from keyed
    where opt_outs_honoured = 'yes'

),

nationally_permitted as (

    {{ only_nationally_permitted('honouring', var('collection')) }}

),

disseminated as (

    select
        people.release_id,
        people.patient_key,
        people.release_key
    from nationally_permitted as people
    left join {{ ref('int_opt_outs__not_disseminated') }} as objectors
        on people.patient_key = objectors.patient_key
    where objectors.patient_key is null
    union all
    select
        release_id,
        patient_key,
        release_key
    from keyed
    where opt_outs_honoured = 'no'

)

select
    release_id,
    patient_key,
    release_key
from disseminated
order by patient_key, release_id
