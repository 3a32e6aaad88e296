-- What the definition makes of each file's emergency episodes in the period: those in scope, and
-- those that its filters drop, by the first field that does and the value that it has there.

with filters as (

    {{ definition_filters() }}

),

judged as (

    select
        episodes.*,
        {{ dropped_by('episodes') }} as field
    from {{ ref('int_episodes__emergency') }} as episodes
    cross join filters

)

select
    file_name,
    field,
    case field
        {%- for field in fields_of_filters().split(',') %}
            when '{{ field }}' then {{ to_text(field) }}
        {%- endfor %}
    end as value,
    count(*) as row_count
from judged
group by all
order by file_name asc, field asc nulls first, value asc nulls first
