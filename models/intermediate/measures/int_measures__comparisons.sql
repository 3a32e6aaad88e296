-- Each GP's result beside the CCG's and beside England's, or why it is not compared with them.
-- The floors are for shown counts: that an exact one lies below would say something about it.

with cells as (

    select
        cells.*,
        {{ told_value('cells', 'lowest') }} as lowest_value,
        {{ told_value('cells') }} as middle_value,
        {{ told_value('cells', 'highest') }} as highest_value,
        (cells.lowest_denominator + cells.highest_denominator) / 2e0 as told_size
    from {{ ref('int_gp_report__cells') }} as cells

),

lists as (

    -- A metric that is about everybody has the list as denominator; the list is never shorter.
    select
        area_level,
        area_code,
        max(denominator_count) as list_size
    from cells
    group by area_level, area_code

)

select
    gps.practice_code,
    gps.gp_code,
    gps.area_code,
    gps.metric_id,
    areas.area_level as comparator_level,
    metrics.unit,
    gps.told_size,
    areas.middle_value as baseline,
    areas.lowest_value as lowest_baseline,
    areas.highest_value as highest_baseline,
    case when metrics.unit = 'per_1000' then areas.middle_value * gps.told_size end
        as expected_count,
    case
        when gps.gp_code = 'UNASSIGNED' then 'no_usual_gp'
        when gps.denominator_count = 0 then 'nobody_eligible'
        when gps.middle_value is null then 'withheld'
        when areas.middle_value is null then 'comparator_withheld'
        when gp_lists.list_size < rules.gp_list_floor then 'short_list'
        when gps.denominator_count < rules.gp_list_floor then 'few_eligible'
        when areas.area_level = 'ccg' then null
        when coalesce(practice_lists.list_size, 0) < rules.national_practice_floor
            then 'small_practice'
    end as not_compared_reason
from cells as gps
cross join {{ ref('int_disclosure__rules') }} as rules
inner join {{ ref('metrics') }} as metrics on gps.metric_id = metrics.metric_id
inner join {{ ref('int_areas__members') }} as members
    -- practices whose CCG nobody can read have nothing in common
    on gps.practice_code = members.practice_code and members.area_code <> 'NONE'
inner join cells as areas
    on
        gps.metric_id = areas.metric_id
        and members.area_level = areas.area_level
        and members.area_code = areas.area_code
left join lists as gp_lists
    on gp_lists.area_level = 'gp' and gps.area_code = gp_lists.area_code
left join lists as practice_lists
    on
        practice_lists.area_level = 'practice'
        and gps.practice_code = practice_lists.area_code
where gps.area_level = 'gp' and areas.area_level in ('ccg', 'england')
order by gps.practice_code, gps.area_code, gps.metric_id, areas.area_level
