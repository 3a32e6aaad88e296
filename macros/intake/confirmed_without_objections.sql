{% macro confirmed_without_objections(settings) -%}
select register.exception_id
from {{ ref('exception_register') }} as register
inner join {{ settings }} as settings on register.collection = settings.collection
where
    register.exception = 'no_objections'
    and {{ trimmed('register.legal_basis') }} <> ''
    and {{ trimmed('register.approved_by') }} <> ''
    and cast(settings.collected_at as date) between register.valid_from and register.valid_to
{%- endmacro %}
