"""What a cluster has made, handed back into a store of one machine, where it is released, published and destroyed.

A store that a build has made says what each table is: it is written afresh without rows, those of the cluster's are put
in, and the embedded engine refuses what breaks a contract. The nets by value, of patterns and of the numbers that were
sent, look through all of it before it takes the place of what was there, at one moment.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb

from gp_level_data.cluster import checks, tables
from gp_level_data.cluster.tables import Table
from gp_level_data.custody import exact_counts, keys, publication, store
from gp_level_data.custody.keys import StoreKeys
from gp_level_data.nets import values
from gp_level_data.refusal import Refusal

BEFORE = "before_"
SETTINGS = Table(store.MARTS, "reference", "int_collection__settings")


def hand_back(
    results: Path, results_key: bytes, store_dir: Path, key_dir: Path, numbers: Iterable[str]
) -> dict[Table, int]:
    """The cluster's tables in the place of the store's: how many rows each has now.

    results      the cluster's tables, <schema>/<name> (tables.results)
    results_key  what they are encrypted under (table_key.read)
    numbers      the ten-digit texts that were sent (raw_numbers.numbers_in)

    A Refusal, and the store is as it was, where a table is missing or another, where a row breaks what its
    contract promises, where a net finds anything, or where the store is another collection's.
    """
    store_keys = keys.of_store(key_dir)
    publication.hold(store_dir)
    building = store_dir / publication.BUILDING
    try:
        with store.writing_afresh(store_dir, building):
            building.mkdir(mode=0o700)
            handed = written(results, results_key, store_dir, building, store_keys)
        found = values.findings_in_store(building, store_keys, numbers)
        if found:
            raise Refusal(f"What the cluster made is not handed back: {checks.in_one(found)} The store is as it was.")
        publication.publish(building, store_dir)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        store.release(store_dir)
    return handed


def written(
    results: Path, results_key: bytes, store_dir: Path, building: Path, store_keys: StoreKeys
) -> dict[Table, int]:
    """The store's databases in a folder, afresh, with the cluster's rows: how many of each table."""
    opened_by = {store.PATIENT_LEVEL: store_keys.patient_level, store.ASSURANCE: store_keys.assurance}
    for name in store.OF_A_RUN:
        if not store.database_file(store_dir, name).exists():
            raise Refusal(f"There is no {name} database in {store_dir} to hand back to: `make build` makes one.")
    for file in store.files_of(store.database_file(store_dir, store.RELEASED)):
        store.copy(file, building / file.name)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Europe/London'")
        for folder, prefix in ((store_dir, BEFORE), (building, "")):
            exact_counts.attach_plain(connection, folder, prefix + store.MARTS)
            for name, key in opened_by.items():
                store.attach_encrypted(connection, folder, name, key, prefix + name, may_create=not prefix)
        refuse_other_collection(connection, results, results_key, store_dir)
        for name in store.OF_A_RUN:
            connection.execute(f"copy from database {BEFORE}{name} to {name} (schema)")
        made = [table for table in tables.stored(connection) if table.database in store.OF_A_RUN]
        return {table: put_in(connection, table, results / table.schema / table.name, results_key) for table in made}


def refuse_other_collection(
    connection: duckdb.DuckDBPyConnection, results: Path, results_key: bytes, store_dir: Path
) -> None:
    """A Refusal where the store was built for another collection than the cluster's tables."""
    ours = f'{BEFORE}{SETTINGS.database}."{SETTINGS.schema}"."{SETTINGS.name}"'
    theirs = tables.rows_at(connection, results / SETTINGS.schema / SETTINGS.name, results_key)
    if theirs and tables.rows_in(connection, f"select collection from {ours} except select collection from {theirs}"):
        raise Refusal(f"The store {store_dir} was built for another collection than what the cluster has made.")


def put_in(connection: duckdb.DuckDBPyConnection, table: Table, place: Path, key: bytes) -> int:
    """The rows of a folder in an empty table, in the order of its columns; how many."""
    if not place.is_dir():
        raise Refusal(
            f"The cluster has made no {table.on_spark}, which the store has: build both with the same models."
        )
    rows = tables.rows_at(connection, place, key)
    if not rows:
        # Spark writes no file for a table without rows.
        return 0
    wanted, got = (tables.types_of(connection, f"from {each}") for each in (table, rows))
    if set(wanted) != set(got):
        raise Refusal(
            f"{table.on_spark} has other columns on the cluster than in the store: build both with the same models."
        )
    columns = ", ".join(f'cast("{name}" as {kind})' for name, kind in wanted.items())
    try:
        connection.execute(f"insert into {table} select {columns} from {rows} order by all")
    except (duckdb.ConstraintException, duckdb.ConversionException):
        # The engine's own message may repeat a value.
        raise Refusal(f"Rows of {table.on_spark} break what its contract promises: it is not handed back.") from None
    return tables.count(connection, table)
