-- Whom a release of the day might be about: the patients of the collection, once a release. One of
-- what is published anyway is about nobody.

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
