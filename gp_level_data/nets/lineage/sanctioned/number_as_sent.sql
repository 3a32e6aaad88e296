-- yields: person
-- reason: the number as sent, in any of the three spellings, made one kind of number; anything
-- else is null, so nothing but whether it is well formed is decided here
try_cast(
    case
        when regexp_full_match(trim(person.number), '[0-9]{10}') then trim(person.number)
        when regexp_full_match(trim(person.number), '[0-9]{3} [0-9]{3} [0-9]{4}')
            then replace(trim(person.number), ' ', '')
        when regexp_full_match(trim(person.number), '[0-9]{3}-[0-9]{3}-[0-9]{4}')
            then replace(trim(person.number), '-', '')
    end as bigint
)
