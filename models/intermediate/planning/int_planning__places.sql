-- Each practice with journals in the areas that it is part of, and what these add up to.

with practices as (

    select distinct
        people.practice_code,
        coalesce(practices.ccg_code, 'NONE') as ccg_code
    from {{ ref('int_journals__people') }} as people
    left join {{ ref('int_ods__practices') }} as practices
        on people.practice_code = practices.practice_code

)

select
    practice_code,
    'practice' as area_level,
    practice_code as area_code,
    ccg_code as parent_code
from practices
union all
select
    practice_code,
    'ccg' as area_level,
    ccg_code as area_code,
    'ENGLAND' as parent_code
from practices
union all
select
    practice_code,
    'england' as area_level,
    'ENGLAND' as area_code,
    null as parent_code
from practices
order by area_level, area_code, practice_code
