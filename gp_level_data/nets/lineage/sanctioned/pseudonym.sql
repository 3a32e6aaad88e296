-- yields: pseudonym
-- reason: the keyed one-way function (gp_level_data/custody/pseudonym.py) of the whole number, and of
-- nothing else
pseudonymise(lpad(cast(person.number as varchar), 10, '0'))
