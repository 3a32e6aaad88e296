{% set collected_at = to_moment("'" ~ var('collected_at') ~ "'") -%}

select
    '{{ var("collection") }}' as collection,
    collections.cqrs_service,
    collections.wave,
    {{ collected_at }} as collected_at,
    -- the day for which releases are made; of national opt-outs the exchange itself says its day
    coalesce(
        {{ to_plausible_day("'" ~ var('disseminated_at', '') ~ "'") }},
        cast({{ collected_at }} as date)
    ) as disseminated_on,
    cast('{{ var("period_start") }}' as date) as period_start,
    cast('{{ var("period_end") }}' as date) as period_end,
    '{{ var("emergency_definition") }}' as emergency_definition,
    '{{ var("exception_id") }}' as exception_id
from {{ ref('collections') }} as collections
where collections.collection = '{{ var("collection") }}'
