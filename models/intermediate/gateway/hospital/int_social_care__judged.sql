-- Every row of the social care files, looked at by itself: usable, or rejected by the first rule it
-- breaks. What is kept of a service is the seed's word.

select
    care.file_name,
    care.nhs_number,
    services.service,
    care.started_on,
    care.ended_on,
    coalesce(
        {{ nhs_number_rule(
            'care.nhs_number', 'care.nhs_number_spelling_rule', 'folder.is_synthetic'
        ) }},
        case
            when services.service is null then 'service_unknown'
            when care.started_on is null or care.has_unreadable_day then 'service_date_unknown'
            when care.ended_on < care.started_on then 'service_ended_before_start'
        end
    ) as rejected_rule
from {{ ref('stg_social_care__services') }} as care
cross join {{ ref('stg_landing__folder') }} as folder
left join {{ ref('social_care_services') }} as services on care.service = services.service
