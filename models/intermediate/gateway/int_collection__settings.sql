select
    '{{ var("collection") }}' as collection,
    collections.cqrs_service,
    collections.wave,
    cast('{{ var("collected_at") }}' as timestamptz) as collected_at,
    -- the day for which releases are made; of national opt-outs the exchange itself says its day
    coalesce(
        try_cast('{{ var("disseminated_at", "") }}' as date),
        cast(cast('{{ var("collected_at") }}' as timestamptz) as date)
    ) as disseminated_on,
    cast('{{ var("period_start") }}' as date) as period_start,
    cast('{{ var("period_end") }}' as date) as period_end,
    '{{ var("emergency_definition") }}' as emergency_definition,
    '{{ var("exception_id") }}' as exception_id
from {{ ref('collections') }} as collections
where collections.collection = '{{ var("collection") }}'
