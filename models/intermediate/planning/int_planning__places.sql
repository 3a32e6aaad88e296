-- Each practice with journals in the areas that it is part of, and what these add up to.

with practices as (

    select distinct practice_code from {{ ref('int_journals__people') }}

)

select
    members.practice_code,
    members.area_level,
    members.area_code,
    members.parent_code
from {{ ref('int_areas__members') }} as members
inner join practices on members.practice_code = practices.practice_code
order by members.area_level, members.area_code, members.practice_code
