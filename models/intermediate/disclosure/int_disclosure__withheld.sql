-- Each count, what may be shown of it, and where that is nothing, why.

with england as (

    select
        parent_code as area_code,
        metric_id,
        measure,
        bool_or(is_total_withheld) as is_withheld
    from {{ ref('int_disclosure__ccgs') }}
    group by parent_code, metric_id, measure

),

decided as (

    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_withheld
    from {{ ref('int_disclosure__gps') }}
    union all
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_withheld
    from {{ ref('int_disclosure__practices') }}
    union all
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_withheld
    from {{ ref('int_disclosure__ccgs') }}
    union all
    select
        area_level,
        area_code,
        parent_code,
        metric_id,
        measure,
        is_withheld
    from {{ ref('int_disclosure__breakdowns') }}
    union all
    select
        'england' as area_level,
        area_code,
        null as parent_code,
        metric_id,
        measure,
        is_withheld
    from england

)

{{ shown_counts(ref('int_disclosure__room')) }}
