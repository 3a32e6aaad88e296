-- yields: pseudonym
-- reason: the keyed one-way function (gp_level_data/custody/pseudonym.py) of the whole number under the key of
-- the release that is named, and of nothing else
release_pseudonym(nobody.release_id, lpad(cast(person.number as varchar), 10, '0'))
