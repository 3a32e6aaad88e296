-- What the definition makes of each file's emergency episodes in the period: those in scope, and
-- those that its filters drop, by the first field that does and the value that it has there.

select
    file_name,
    dropped_by as field,
    dropped_value as value,
    count(*) as row_count
from {{ ref('int_hospital__episodes') }}
where
    is_emergency
    and rejected_rule is null
    and copy_rule is null
group by all
order by file_name asc, field asc nulls first, value asc nulls first
