"""`gpld export`: the published tables for whoever works with them elsewhere, as CSV, Parquet or DuckDB.

What is published has passed disclosure control, and lies unencrypted in the store anyway. Rows keep their
order. Counts that were rounded or withheld must not be added up: the totals are published beside them.
"""

from pathlib import Path
from types import SimpleNamespace as Namespace

import duckdb

from gp_level_data.custody import publication, published_tables, store
from gp_level_data.pages import data_dictionary, handed_out
from gp_level_data.refusal import Refusal

FORMATS = ("csv", "parquet", "duckdb")
DATABASE = "published.duckdb"
NOTE = """\
Published tables of {collection}, collected {collected_at}, period {period_start} to {period_end}.

Each stands for what was decided when it was published: a count that is null or * is withheld, others may be
rounded. Do not add counts up, nor subtract them: totals are published beside their parts, and differ from
sums. data_dictionary.csv says what each column means; `sha256sum --check SHA256SUMS` whether a file has changed.
"""


def run(chosen: Namespace) -> int:
    """Write every published table that has rows; complete at one moment, or nothing."""
    store_dir, to = chosen.store_dir.resolve(), chosen.to.resolve()
    if to.exists():
        raise Refusal(f"There is {to} already: nothing is overwritten.")
    handed_out.refuse_among(to, store_dir)
    if not store_dir.is_dir():
        raise Refusal(f"There are no results in {store_dir}: run `make build` first.")
    publication.hold(store_dir)
    with published_tables.opened(store_dir) as connection:
        names = [name for name in published_tables.tables(connection) if published_tables.row_count(connection, name)]
        with handed_out.complete_or_nothing(to) as folder:
            written = [*WRITE[chosen.format](connection, names, folder), *told(connection, names, folder)]
            handed_out.write_sums(folder, written)
    print(f"{to}: {len(names)} tables as {chosen.format}, {sum(file.byte_count for file in written):,} bytes.")
    return 0


def as_csv(connection: duckdb.DuckDBPyConnection, names: list[str], folder: Path) -> list[handed_out.Written]:
    """A file a table, harmless in a spreadsheet."""
    written = []
    for name in names:
        rows = connection.execute(f"select * from {name} order by rowid")
        header = [column[0] for column in rows.description]
        written.append(handed_out.write_csv(folder / f"{name}.csv", header, rows.fetchall()))
    return written


def as_parquet(connection: duckdb.DuckDBPyConnection, names: list[str], folder: Path) -> list[handed_out.Written]:
    """A file a table, with its types."""
    return [
        handed_out.write_parquet(
            folder / f"{name}.parquet",
            connection.execute(f"select * from {name} order by rowid").to_arrow_table(),
        )
        for name in names
    ]


def as_duckdb(connection: duckdb.DuckDBPyConnection, names: list[str], folder: Path) -> list[handed_out.Written]:
    """One database of them all, in which each table and column says what it is."""
    path = folder / DATABASE
    with duckdb.connect(str(path)) as copied:
        for name in names:
            rows = connection.execute(f"select * from {name} order by rowid").to_arrow_table()
            copied.register("rows", rows)
            copied.execute(f"create table {name} as select * from rows")
            copied.unregister("rows")
            for column, _, meaning in data_dictionary.columns_of(name):
                copied.execute(f"comment on column {name}.{column} is '{store.sql_text(meaning)}'")
        # While it closes a database, the engine says nothing of a disk that is full.
        copied.execute("checkpoint")
    path.chmod(0o600)
    return [handed_out.written(path)]


def told(connection: duckdb.DuckDBPyConnection, names: list[str], folder: Path) -> list[handed_out.Written]:
    """What they are, and what each column means."""
    meanings = [(name, *column) for name in names for column in data_dictionary.columns_of(name)]
    header = ("table", "column", "type", "meaning")
    return [
        handed_out.write_text(folder / "read_me.txt", NOTE.format(**published_tables.settings(connection))),
        handed_out.write_csv(folder / "data_dictionary.csv", header, meanings),
    ]


WRITE = {"csv": as_csv, "parquet": as_parquet, "duckdb": as_duckdb}
