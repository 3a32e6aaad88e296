{% macro exclude_opted_out(relation, collection) -%}
select people.*
from {{ relation }} as people
where
    not exists (
        select 1
        from {{ ref('int_opt_outs__upheld') }} as opt_outs
        where
            opt_outs.nhs_number = people.nhs_number
            and opt_outs.collection = '{{ collection }}'
    )
{%- endmacro %}
