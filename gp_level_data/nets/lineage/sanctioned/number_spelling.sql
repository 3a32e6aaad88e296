-- yields: word
-- reason: whether nothing was sent, or a number that a spreadsheet has spoilt, by its shape alone:
-- four words, and null for every number of ten digits
case
    when coalesce(trim(person.number), '') = '' then 'nhs_number_missing'
    when
        length(trim(person.number)) = 9
        and regexp_full_match(trim(person.number), '[0-9]{9}')
        and (
            try_cast(trim(person.number) as bigint)
            + 3 * (divide(try_cast(trim(person.number) as bigint), 10))
            + 5 * (divide(try_cast(trim(person.number) as bigint), 100))
            + 7 * (divide(try_cast(trim(person.number) as bigint), 1000))
            + 9 * (divide(try_cast(trim(person.number) as bigint), 10000))
            + 2 * (divide(try_cast(trim(person.number) as bigint), 1000000))
            + 4 * (divide(try_cast(trim(person.number) as bigint), 10000000))
            + 6 * (divide(try_cast(trim(person.number) as bigint), 100000000))
            + 8 * (divide(try_cast(trim(person.number) as bigint), 1000000000))
        ) % 11 = 0
        then 'nhs_number_leading_zero_lost'
    when
        length(trim(person.number)) > 10
        and regexp_full_match(trim(person.number), '[0-9]{9,10}[.]0+')
        then 'nhs_number_with_decimals'
    when regexp_full_match(trim(person.number), '[0-9]([.,][0-9]+)?[Ee][+]?[0-9]{1,3}')
        then 'nhs_number_in_exponent'
end
