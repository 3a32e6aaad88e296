-- The collection's rows of the seed, side by side.

select
    settings.collected_at,
    cast(max(rules.value) filter (where rules.rule = 'small_number_from') as integer)
        as small_number_from,
    cast(max(rules.value) filter (where rules.rule = 'small_number_to') as integer)
        as small_number_to,
    cast(max(rules.value) filter (where rules.rule = 'rounding') as integer)
        as rounding,
    cast(max(rules.value) filter (where rules.rule = 'cohort_change_from') as integer)
        as cohort_change_from,
    cast(max(rules.value) filter (where rules.rule = 'cohort_change_to') as integer)
        as cohort_change_to,
    cast(max(rules.value) filter (where rules.rule = 'national_practice_floor') as integer)
        as national_practice_floor,
    cast(max(rules.value) filter (where rules.rule = 'gp_list_floor') as integer)
        as gp_list_floor,
    cast(max(rules.value) filter (where rules.rule = 'value_steps') as integer)
        as value_steps
from {{ ref('int_collection__settings') }} as settings
inner join {{ ref('disclosure_rules') }} as rules on settings.collection = rules.collection
group by settings.collected_at
