"""What models may read of the ledger: two tables in the schema `history` of the marts.

Rows are added for entries that are not there yet, and never changed; so the tables outlive builds, which
begin with a copy of the marts.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow

from gp_level_data.custody import store
from gp_level_data.end import ledger
from gp_level_data.end.ledger import Entry
from gp_level_data.shapes import Cells

SCHEMA = f"{store.MARTS}.history"
COLUMNS = {
    "reported_back": {
        "entry": "integer",
        "collection": "varchar",
        "reported_at": "timestamp with time zone",
        "practice_code": "varchar",
        "file_name": "varchar",
        "byte_count": "bigint",
        "file_checksum": "varchar",
    },
    "destroyed": {
        "entry": "integer",
        "collection": "varchar",
        "destroyed_at": "timestamp with time zone",
    },
}
KINDS = {"reported_back": ledger.REPORTED_BACK, "destroyed": ledger.DESTRUCTION}


def bring_up_to_date(connection: duckdb.DuckDBPyConnection, store_dir: Path) -> None:
    """Make the tables where there are none, and add what the ledger has and they have not."""
    connection.execute(f"create schema if not exists {SCHEMA}")
    for table, columns in COLUMNS.items():
        typed = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
        connection.execute(f"create table if not exists {SCHEMA}.{table} ({typed})")
        [(last,)] = connection.execute(f"select coalesce(max(entry), 0) from {SCHEMA}.{table}").fetchall()
        rows = [
            row
            for entry in ledger.entries(store_dir, KINDS[table])
            if entry.content["entry"] > last
            for row in rows_of(table, entry)
        ]
        if rows:
            as_text = {name: pyarrow.array([str(row[at]) for row in rows]) for at, name in enumerate(columns)}
            connection.register("rows_to_add", pyarrow.table(as_text))
            casts = ", ".join(f"cast({name} as {kind})" for name, kind in columns.items())
            connection.execute(f"insert into {SCHEMA}.{table} select {casts} from rows_to_add")
            connection.unregister("rows_to_add")


def rows_of(table: str, entry: Entry) -> Iterator[Cells]:
    """An entry as rows of a table, in the order of its columns."""
    content = entry.content
    if table == "destroyed":
        yield content["entry"], content["collection"], content["destroyed_at"]
        return
    for practice in content["practices"]:
        for file in practice["files"]:
            yield (
                content["entry"], content["collection"], content["reported_at"],
                practice["practice_code"], file["name"], file["byte_count"], file["checksum"],
            )  # fmt: skip
