{% macro opt_out_policies() -%}
select
    collection,
    'type_1' as opt_out_kind,
    type_1_upheld as upheld
from {{ ref('collections') }}
union all
select
    collection,
    'type_2' as opt_out_kind,
    type_2_upheld as upheld
from {{ ref('collections') }}
{%- endmacro %}
