-- yields: word
-- reason: the rule that makes a number unusable, one of seven words: malformed, wrong check digit
-- (modulus 11), a pattern that is never issued, outside the range of the data, or of a range that is
-- Scottish, Northern Irish or not in use. Every usable number gets null, so it tells no two of them
-- apart.
case
    when person.number is null then 'nhs_number_malformed'
    when not (
        (
            person.number
            + 3 * (divide(person.number, 10))
            + 5 * (divide(person.number, 100))
            + 7 * (divide(person.number, 1000))
            + 9 * (divide(person.number, 10000))
            + 2 * (divide(person.number, 1000000))
            + 4 * (divide(person.number, 10000000))
            + 6 * (divide(person.number, 100000000))
            + 8 * (divide(person.number, 1000000000))
        ) % 11 = 0
    ) then 'nhs_number_check_digit'
    when
        person.number % 1111111111 = 0
        or person.number = 2333455667
        or person.number = divide(person.number, 1000000000) * 1000000001
        then 'nhs_number_never_issued'
    when (person.number >= 9000000000) <> nobody.is_synthetic then 'nhs_number_test_range'
    when person.number between 100000000 and 3112999999 then 'nhs_number_scottish'
    when person.number between 3200000000 and 3999999999 then 'nhs_number_northern_irish'
    when
        person.number < 4000000000
        or person.number between 5000000000 and 5999999999
        or person.number between 8000000000 and 8999999999
        then 'nhs_number_range_not_in_use'
end
