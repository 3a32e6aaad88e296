-- yields: word
-- reason: whether anything was sent, which tells a missing number from an unusable one
coalesce(trim(person.number), '') <> ''
