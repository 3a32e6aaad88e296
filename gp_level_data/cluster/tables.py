"""Tables between a DuckDB store and the cluster's folder of Parquet files, and what became of them.

The embedded engine reads what the cluster has written, under its key, so that the two are compared, and the cluster's files
looked into, without asking the cluster.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from gp_level_data.cluster import table_key
from gp_level_data.custody import keys, store
from gp_level_data.refusal import Refusal

# Doubles of two engines differ in their last bits: a sum adds in another order.
DECIMALS = 9
# A link to the folder that the last build has filled.
RESULTS = "results"
ROWS_A_GROUP = 100_000
DATABASES = (*store.OF_A_RUN, store.RELEASED)


@dataclass(frozen=True)
class Table:
    database: str
    schema: str
    name: str

    @property
    def on_spark(self) -> str:
        return f"{self.schema}.{self.name}"

    def __str__(self) -> str:
        return f'"{self.database}"."{self.schema}"."{self.name}"'


@dataclass(frozen=True)
class Difference:
    """How a table differs; counts, and names of columns, never a row."""

    table: str
    what: str

    def __str__(self) -> str:
        return f"{self.table}: {self.what}"


def open_store(store_dir: Path, key_dir: Path) -> duckdb.DuckDBPyConnection:
    """The databases of a store, read-only for who keeps to it. A Refusal where there is none."""
    marts = store.database_file(store_dir, store.MARTS)
    if not marts.exists():
        raise Refusal(f"There is no store in {store_dir}: `make build` makes one.")
    connection = duckdb.connect()
    connection.execute("set timezone = 'Europe/London'")
    store_keys = keys.of_store(key_dir)
    for database in DATABASES:
        file = store.database_file(store_dir, database)
        if file.exists() and database == store.MARTS:
            store.attach_marts(connection, store_dir)
        elif file.exists():
            key = store_keys.assurance if database == store.ASSURANCE else store_keys.patient_level
            store.attach_encrypted(connection, store_dir, database, key)
    return connection


def stored(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """Every table of the store."""
    rows = connection.execute(
        "select database_name, schema_name, table_name from duckdb_tables()"
        f" where database_name in {DATABASES} and not temporary order by all"
    ).fetchall()
    return [Table(*row) for row in rows]


def count(connection: duckdb.DuckDBPyConnection, table: Table) -> int:
    return rows_in(connection, f"from {table}")


def rows_in(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """How many rows a query gives."""
    [(found,)] = connection.execute(f"select count(*) from ({query})").fetchall()
    return int(found)


def write(connection: duckdb.DuckDBPyConnection, tables: list[Table], to: Path, key: bytes) -> None:
    """Write tables of a store as Parquet files under a cluster's key, to <schema>/<name> below a folder."""
    for table in tables:
        put(connection, f"from {table}", to / table.schema / table.name, key)


def put(connection: duckdb.DuckDBPyConnection, query: str, place: Path, key: bytes) -> None:
    """The rows of a query as the only file of a folder."""
    place.mkdir(parents=True, exist_ok=True)
    table_key.write(connection.execute(query).to_arrow_reader(ROWS_A_GROUP), place / "part.parquet", key)


def statements(loaded: Path) -> Iterator[str]:
    """The statements that make the tables of that folder known to Spark, and the schemas that the run writes to."""
    places = sorted(place for place in loaded.glob("*/*") if place.is_dir())
    for schema in sorted({place.parent.name for place in places} | {"main"}):
        yield f"create schema if not exists {schema}"
    for place in places:
        name = f"{place.parent.name}.{place.name}"
        yield f"drop table if exists {name}"
        yield f"create table {name} using parquet location '{place.as_uri()}'"


def gather(where: Path) -> Path:
    """What both runs have left, <schema>/<name>, in a folder of its own.

    The files are linked, not copied; Spark writes a table into new ones. What was handed over and made anew is that
    of this build: the two together would be a memory that says everything twice.
    """
    made = Path(tempfile.mkdtemp(prefix=f"{RESULTS}-", dir=where))
    for place in (*(where / "loaded").glob("*/*"), *(where / "warehouse").glob("*.db/*")):
        table = made / place.parent.stem / place.name
        shutil.rmtree(table, ignore_errors=True)
        shutil.copytree(place, table, copy_function=os.link)
    return made


def is_made_by_warehouse(where: Path, table: Table) -> bool:
    """Whether the analyst's run has made a table, as it makes one of those that earlier runs are remembered by."""
    return (where / "warehouse" / f"{table.schema}.db" / table.name).is_dir()


def keep_results(where: Path, made: Path) -> None:
    """What was gathered becomes the results, all at once: a build that is cut short leaves those before it."""
    before = results(where) if (where / RESULTS).exists() else None
    link = where / f"{made.name}.link"
    link.symlink_to(made.name)
    link.replace(where / RESULTS)
    if before is not None:
        shutil.rmtree(before)


def undo(where: Path) -> None:
    """Remove the tables of a build that may not stand; the results of the one before are other files, and stay."""
    now = (where / RESULTS).resolve()
    gathered = [each for each in where.glob(f"{RESULTS}-*") if each.is_dir() and each.resolve() != now]
    for folder in (*gathered, *(where / "loaded").glob("*"), *(where / "warehouse").glob("*.db/*")):
        shutil.rmtree(folder)


def results(where: Path) -> Path:
    """The folder of the last build's tables, <schema>/<name>. A Refusal where none has come to its end."""
    if not (where / RESULTS).exists():
        raise Refusal("No build has come to its end on this cluster yet: `make build TARGET=spark`.")
    return (where / RESULTS).resolve()


def differences(connection: duckdb.DuckDBPyConnection, places: dict[Table, Path], key: bytes) -> list[Difference]:
    """How tables at their places differ from the store's, row for row, whatever their order."""
    return [found for table, place in places.items() for found in of_table(connection, table, place, key)]


def rows_at(connection: duckdb.DuckDBPyConnection, place: Path, key: bytes) -> str:
    """The rows of a folder of Parquet files, as SQL of that connection names them; nothing where there is no file."""
    if not (files := sorted(place.glob("*.parquet"))):
        return ""
    connection.register(str(place), table_key.opened(files, key))
    quoted = str(place).replace('"', '""')
    return f'"{quoted}"'


def of_table(connection: duckdb.DuckDBPyConnection, table: Table, place: Path, key: bytes) -> Iterator[Difference]:
    if not place.is_dir():
        yield Difference(table.on_spark, "is not there")
        return
    wanted = types_of(connection, f"from {table}")
    made = rows_at(connection, place, key)
    if not made:
        # Spark writes no file for a table without rows; the table's columns are compared by its contract.
        if rows := count(connection, table):
            yield Difference(table.on_spark, f"has no rows, not {rows}")
        return
    got = types_of(connection, f"from {made}")
    if set(wanted) != set(got):
        yield Difference(table.on_spark, f"has other columns: {sorted(set(wanted) ^ set(got))}")
        return
    ours = f"select {alike(wanted, wanted)} from {table}"
    theirs = f"select {alike(got, wanted)} from {made}"
    missing, extra = (
        rows_in(connection, f"{one} except all {other}") for one, other in ((ours, theirs), (theirs, ours))
    )
    if missing or extra:
        yield Difference(table.on_spark, f"lacks {missing} rows and has {extra} others")


def types_of(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe {query}").fetchall()}


def alike(types: dict[str, str], wanted: dict[str, str]) -> str:
    """The columns in the order and types of the store, doubles to the decimals that both engines vouch for."""
    columns = []
    for name, kind in wanted.items():
        column = f'cast("{name}" as {kind})'
        if kind == "DOUBLE":
            column = f"round({column}, {DECIMALS})"
        columns.append(f'{column} as "{name}"')
    return ", ".join(columns)
