"""What a cluster has made is looked into before it becomes the results, as the embedded engine and its nets do on one machine.

Parquet files enforce nothing: each NOT NULL and CHECK of a contract is asked of every row. And the net by value looks
for whatever could be a patient's number, by the same macros and the same allowances as at the end of a run.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import duckdb

from gp_level_data.cluster import tables
from gp_level_data.nets import Finding, values
from gp_level_data.refusal import Refusal, stopped

NET = "cluster"
SHOWN = 5
# The database in which the files are looked at; nothing of it is stored.
MADE = "made_by_the_cluster"
# The gateway judges what came, the warehouse what became of it since the previous run (macro check_intake).
JUDGE_OF_GATEWAY = "gateway", "int_intake__refusals"
JUDGE_OF_WAREHOUSE = "intermediate", "int_assurance__refusals"


def findings(
    connection: duckdb.DuckDBPyConnection,
    made: Path,
    key: bytes,
    promises: Iterable[Iterable[str]],
    numbers: Iterable[str],
) -> list[Finding]:
    """What is wrong with the tables of a folder, <schema>/<name>: relation, column, and how many rows.

    connection   to a store, whose seeds say which digits are allowed (tables.open_store)
    key          what the tables are encrypted under (table_key.read)
    promises     schema, name, column and condition of what the contracts promise (adapter.promises)
    numbers      the ten-digit texts that were sent (raw_numbers.numbers_in)
    """
    look_at(connection, made, key)
    return [*broken(connection, promises), *of_people(connection, numbers)]


def look_at(connection: duckdb.DuckDBPyConnection, made: Path, key: bytes) -> None:
    """The tables of a folder as views; those without rows, of which Spark writes no file, hold nothing to find."""
    connection.execute(f"attach ':memory:' as {MADE}")
    for place in sorted(made.glob("*/*")):
        if rows := tables.rows_at(connection, place, key):
            connection.execute(f'create schema if not exists {MADE}."{place.parent.name}"')
            connection.execute(f'create view {MADE}."{place.parent.name}"."{place.name}" as from {rows}')


def first_refusal(relation: str) -> str:
    """The query for why a run may not stand; no row is how it should be."""
    return f"select sentence from {relation} order by rule_order, sentence limit 1"


def judge(connection: duckdb.DuckDBPyConnection, made: Path, key: bytes) -> None:
    """A Refusal, in the words of intake, where the tables of a folder may not stand."""
    if relation := tables.rows_at(connection, made.joinpath(*JUDGE_OF_WAREHOUSE), key):
        for (sentence,) in connection.execute(first_refusal(relation)).fetchall():
            raise stopped(sentence)


def broken(connection: duckdb.DuckDBPyConnection, promises: Iterable[Iterable[str]]) -> list[Finding]:
    """Promises of contracts that some rows do not keep. A condition that is null holds, as in a CHECK."""
    there = set(
        connection.execute(
            f"select schema_name, view_name from duckdb_views() where database_name = '{MADE}'"
        ).fetchall()
    )
    of_table = defaultdict(list)
    for schema, name, column, condition in promises:
        if (schema, name) in there:
            of_table[schema, name].append((column, condition))
    found = []
    for (schema, name), promised in of_table.items():
        # All of a table's in one scan of its files.
        counts = ", ".join(f"count(*) filter (where not ({condition}))" for _, condition in promised)
        [rows] = connection.execute(f'select {counts} from {MADE}."{schema}"."{name}"').fetchall()
        found += [
            Finding(
                NET, ".".join(filter(None, (schema, name, column))), f"{count} rows break what its contract promises"
            )
            for (column, _), count in zip(promised, rows)
            if count
        ]
    return found


def of_people(connection: duckdb.DuckDBPyConnection, numbers: Iterable[str]) -> list[Finding]:
    """Columns that look as if they held a patient's number, or hold one that was sent, plain or in disguise."""
    # The store's seeds are found in the database that is in use.
    connection.execute("use marts")
    columns = connection.execute(
        f"""
        select database_name, schema_name, table_name, column_name, data_type from duckdb_columns()
        where database_name = '{MADE}' and not internal order by all
        """
    ).fetchall()
    found = [
        *values.columns_like_numbers(connection, values.allowed_in(connection), columns),
        *values.membership_findings(connection, numbers, columns),
    ]
    return [replace(finding, where=finding.where.removeprefix(f"{MADE}.")) for finding in found]


def refuse(found: list[Finding]) -> None:
    """A Refusal of what may not stand, where anything was found."""
    if found:
        raise Refusal(f"What the cluster made may not stand: {in_one(found)} The results are those of before.")


def in_one(found: list[Finding]) -> str:
    """What was found, as a sentence says it."""
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(f"{each.where}: {each.what}" for each in found[:SHOWN]) + f"{more}."
