-- Unit:        a release that was asked for and approved, of any collection
-- Shown:       the columns of the public register; where this run made it, how many are in it
-- Disclosure:  int_releases__cells

{% for request in release_rules().releases %}{% do refuse_release(request, '') %}{% endfor -%}

select
    releases.release_id,
    releases.status,
    collections.title as collection,
    releases.recipient,
    releases.organisation_type,
    releases.purpose,
    purposes.title as purpose_category,
    bases.title as legal_basis,
    releases.datasets,
    releases.identifiability,
    releases.opt_outs_honoured,
    exemptions.title as exemption,
    releases.is_sensitive,
    releases.access_method,
    releases.start_date,
    releases.end_date,
    releases.sublicensing,
    people.shown_count as person_count,
    case
        when people.area_code is not null
            then coalesce({{ to_text('people.shown_count') }}, '*')
    end as person_text
from {{ ref('releases') }} as releases
left join {{ ref('collections') }} as collections on releases.collection = collections.collection
left join {{ ref('release_purposes') }} as purposes
    on releases.purpose_category = purposes.purpose_category
left join {{ ref('legal_bases') }} as bases on releases.legal_basis = bases.legal_basis
left join {{ ref('release_exemptions') }} as exemptions on releases.exemption = exemptions.exemption
left join {{ ref('int_releases__cells') }} as people
    on
        people.metric_id = 'release_steps'
        and people.area_level = 'total'
        and releases.release_id = people.area_code
order by releases.release_id
