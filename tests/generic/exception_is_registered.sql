{% test exception_is_registered(model) %}
-- Flags: a run that asks for an exception from opt-outs which no valid row of the register grants.
-- Why:   objections are lifted by a legal basis and an approver, never by a setting alone.
-- Mend:  add the row to seeds/exception_register.csv, or leave exception_id empty.
select count(*) as unregistered_count
from {{ model }} as settings
where
    settings.exception_id <> ''
    and not exists (
        select 1
        from {{ ref('int_opt_outs__excepted') }} as excepted
        where excepted.exception_id = settings.exception_id
    )
having count(*) > 0
{% endtest %}
