-- The assurance marts' counts as they may be shown: 0, to the nearest 5, or withheld.

with decided as (

    select
        'part' as area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_withheld
    from {{ ref('int_assurance__parts') }}
    union all
    select
        'total' as area_level,
        parent_code as area_code,
        null as parent_code,
        metric_id,
        measure,
        bool_or(is_total_withheld) as is_withheld
    from {{ ref('int_assurance__parts') }}
    group by parent_code, metric_id, measure

)

{{ shown_counts(ref('int_assurance__room')) }}
