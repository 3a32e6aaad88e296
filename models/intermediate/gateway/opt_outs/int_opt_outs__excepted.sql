-- Kinds of opt-out that the run's exception lifts, and how many unreadable objections a file may
-- have by it: only what its collection's policy allows, by a row of the register that names
-- a legal basis and an approver and is valid at the moment of collection.

select
    exceptions.collection,
    exceptions.opt_out_kind,
    register.exception_id,
    register.rows_accepted
from {{ ref('int_collection__settings') }} as settings
inner join {{ ref('exception_register') }} as register
    on
        settings.exception_id = register.exception_id
        and settings.collection = register.collection
inner join {{ ref('opt_out_exceptions') }} as exceptions
    on
        register.collection = exceptions.collection
        and register.exception = exceptions.exception
where
    {{ trimmed('register.legal_basis') }} <> ''
    and {{ trimmed('register.approved_by') }} <> ''
    and cast(settings.collected_at as date) between register.valid_from and register.valid_to
