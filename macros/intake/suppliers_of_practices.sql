{% macro suppliers_of_practices() -%}
select
    practice_code,
    min({{ plain_name('gp_system_supplier') }}) as gp_system_supplier
from {{ ref('stg_gpes__suppliers') }}
group by practice_code
{%- endmacro %}
