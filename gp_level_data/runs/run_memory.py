"""The gateway run's own database, which is never written to a disk as it is: its large tables are kept compressed.

The engine compresses a table in memory where its database was attached so, and at a checkpoint only. Of coded
journals, whose rows repeat what they say of a person, a sixth of the memory is left (models/running.md).
"""

import duckdb

NAME = "memory"
# Bytes; below, a checkpoint costs more than it saves.
LARGE = 2**28
TABLES = "select memory_usage_bytes from duckdb_memory() where tag = 'IN_MEMORY_TABLE'"


def make_compressible(connection: duckdb.DuckDBPyConnection) -> None:
    """Put a database that can compress in the place of the one that a connection begins with, before anything is in it."""
    connection.execute("attach ':memory:' as aside; use aside")
    connection.execute(f"detach {NAME}; attach ':memory:' as {NAME} (compress)")
    connection.execute(f"use {NAME}; detach aside")


def compress(cursor: duckdb.DuckDBPyConnection) -> None:
    """Compress what has been committed, where it is large; what is compressed already costs nothing."""
    if cursor.execute(TABLES).fetchall()[0][0] > LARGE:
        cursor.execute(f"checkpoint {NAME}")
