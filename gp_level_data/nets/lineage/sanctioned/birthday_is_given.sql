-- yields: word
-- reason: whether a day of birth was sent at all, to count those that are no day; never which
coalesce(trim(birth_date.day), '') <> ''
