-- Which practices make up an area, and the area above it: each practice itself, its CCG, England.
-- A practice whose CCG nobody can read belongs to none, and to England all the same.

with practices as (

    select
        practice_code,
        coalesce(ccg_code, 'NONE') as ccg_code
    from {{ ref('int_ods__practices') }}

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
    {{ null_of('varchar') }} as parent_code
from practices
order by area_level, area_code, practice_code
