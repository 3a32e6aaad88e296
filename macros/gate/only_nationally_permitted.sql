{% macro only_nationally_permitted(relation, collection) -%}
select people.*
from {{ relation }} as people
where
    exists (
        select 1
        from {{ ref('int_ndop__permitted') }} as permitted
        where permitted.patient_key = people.patient_key
    )
    or exists (
        select 1
        from {{ ref('collections') }} as policies
        where
            policies.collection = '{{ collection }}'
            and policies.national_data_opt_out_upheld = 'never'
    )
{%- endmacro %}
