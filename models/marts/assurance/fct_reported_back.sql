-- Unit:    a file that was handed to a practice with its results, as the store's ledger records it
-- Moments: as given when the results were handed over and destroyed, and when the present
--          collection was; nothing here reads a clock

with destroyed as (

    select
        reported.entry,
        min(destroyed.destroyed_at) as destroyed_at
    from {{ source('ledger', 'reported_back') }} as reported
    inner join {{ source('ledger', 'destroyed') }} as destroyed
        on
            reported.collection = destroyed.collection
            and reported.entry < destroyed.entry
    group by reported.entry

)

select
    reported.entry as ledger_entry,
    reported.collection,
    reported.reported_at,
    reported.practice_code,
    reported.file_name,
    reported.byte_count,
    reported.file_checksum,
    collections.destroyed_within_days,
    destroyed.destroyed_at,
    destroyed.destroyed_at is null
    and coalesce({{ days_between(
        'cast(reported.reported_at as date)', 'cast(settings.collected_at as date)'
    ) }} > collections.destroyed_within_days, false) as is_overdue
from {{ source('ledger', 'reported_back') }} as reported
inner join {{ ref('collections') }} as collections on reported.collection = collections.collection
cross join {{ ref('int_collection__settings') }} as settings
left join destroyed on reported.entry = destroyed.entry
order by reported.entry, reported.practice_code, reported.file_name
