"""Custody: keys, pseudonyms, the databases of the store, and how results take the place of others."""
