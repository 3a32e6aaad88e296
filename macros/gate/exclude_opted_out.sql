{% macro exclude_opted_out(relation, collection) -%}
select people.*
from {{ relation }} as people
left join {{ ref('int_opt_outs__upheld') }} as opt_outs
    on
        people.nhs_number = opt_outs.nhs_number
        and opt_outs.collection = '{{ collection }}'
        and opt_outs.lifted_by is null
where opt_outs.nhs_number is null
{%- endmacro %}
