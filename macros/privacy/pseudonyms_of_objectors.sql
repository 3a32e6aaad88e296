{% macro pseudonyms_of_objectors() -%}
select {{ pseudonymise('opt_outs.nhs_number') }} as patient_key
from {{ ref('int_opt_outs__upheld') }} as opt_outs
where
    opt_outs.collection = '{{ var("collection") }}'
    and opt_outs.lifted_by is null
{%- endmacro %}
