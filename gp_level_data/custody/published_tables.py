"""What the marts show: their tables, a checksum of each, and the smallest count among them."""

import hashlib
from pathlib import Path

import duckdb

from gp_level_data.custody import checksums, store
from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Settings

# What is published grows by this one when it is handed out.
RECORD = "fct_reported_back"


def opened(store_dir: Path) -> duckdb.DuckDBPyConnection:
    """The marts, read only; a Refusal where they cannot be opened, Lost where there are none."""
    connection = store.open_marts(store_dir)
    connection.execute("set timezone = 'UTC'")
    if not connection.execute("select 1 from duckdb_tables() limit 1").fetchall():
        connection.close()
        raise store.Lost(f"There are no results in {store_dir}: run `make build` first.")
    return connection


def settings(connection: duckdb.DuckDBPyConnection) -> Settings:
    """The settings of the run that the marts come from; Lost where they do not say it."""
    try:
        cursor = connection.execute("select columns(*)::varchar from reference.int_collection__settings")
        names = [column[0] for column in cursor.description]
        [row] = cursor.fetchall()
    except (duckdb.CatalogException, ValueError):
        raise store.Lost("The results do not say which run they are of: restore a backup, or build again.") from None
    return dict(zip(names, row))


def settings_of(connection: duckdb.DuckDBPyConnection, collection: str) -> Settings:
    """The same, of a run of this collection; a Refusal where the marts are another's."""
    found = settings(connection)
    if found["collection"] != collection:
        raise Refusal(f"The store holds {found['collection']}, not {collection}.")
    return found


def tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The published tables, by name."""
    rows = connection.execute("select table_name from duckdb_tables() where schema_name = 'main' order by table_name")
    # What dbt calls a table that it has replaced and, being stopped, not yet dropped.
    return [name for (name,) in rows.fetchall() if not name.endswith("__dbt_backup")]


def checksum_of(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """A checksum of a table's rows, with the names of their columns, in the order in which they lie."""
    digest = hashlib.sha256()
    rows = connection.execute(f"select cast(rows as varchar) from {table} as rows order by rowid")
    while batch := rows.fetchmany(10_000):
        digest.update("".join(f"{row}\n" for (row,) in batch).encode())
    return checksums.in_letters(digest.digest())


def row_count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    [(count,)] = connection.execute(f"select count(*) from {table}").fetchall()
    return int(count)


def smallest_count(connection: duckdb.DuckDBPyConnection) -> tuple[int | None, str | None]:
    """The smallest count above 0 that is shown of people, and its column."""
    columns = connection.execute(
        """
        select table_name, column_name from duckdb_columns()
        where
            not internal and schema_name = 'main'
            and column_name like '%\\_count' escape '\\' and column_name <> 'practice_count'
        order by all
        """
    ).fetchall()
    found = []
    for table, column in columns:
        if table != RECORD:
            [(least,)] = connection.execute(f"select min({column}) from {table} where {column} > 0").fetchall()
            found += [(int(least), f"{table}.{column}")] if least is not None else []
    return min(found, default=(None, None))
