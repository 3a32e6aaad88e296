"""The exact counts that used to lie beside the results, in the clear: where they belong, and how they get there.

A store's marts hold what has passed disclosure control, seeds and reference data. Dropping a table leaves its
rows in the bytes of the file, so whatever goes on is written into a new file, and the old one is deleted.
"""

import shutil
from pathlib import Path

import duckdb

from gp_level_data.custody import keys, publication, store

# What goes on from one build to the next: models and snapshots continue it, everything else is built anew.
LASTING = {"history", "snapshots"}
# Tables of exact counts that stores of before hold in the clear, and the schema that they belong in.
MOVED = {
    ("reference", "int_intake__file_counts"): "counts",
    ("reference", "int_intake__hospital_counts"): "counts",
    ("reference", "int_intake__national_shares"): "counts",
    ("reference", "int_intake__opt_out_counts"): "counts",
    ("reference", "int_intake__record_counts"): "counts",
    ("reference", "int_intake__reference_counts"): "counts",
    ("reference", "int_intake__rejected_counts"): "counts",
    ("reference", "int_intake__row_counts"): "counts",
    ("reference", "int_journals__removed_counts"): "counts",
    ("reference", "int_ndop__checks"): "counts",
    ("reference", "int_opt_outs__counts"): "counts",
    ("history", "int_disclosure__published"): "history",
    ("snapshots", "snp_opt_outs__counts"): "snapshots",
    ("main", "rpt_practice_checks"): "counts",
}


def move_out(store_dir: Path, key_dir: Path) -> None:
    """Write the databases of a store of before afresh, with its exact counts under their own key; the store is held.

    A Refusal where there is no such key, or no room.
    """
    if not is_of_before(store.database_file(store_dir, store.MARTS)):
        return
    key = keys.claim_key(key_dir, keys.ASSURANCE_KEY)
    building = store_dir / publication.BUILDING
    shutil.rmtree(building, ignore_errors=True)
    with store.writing_afresh(store_dir, building):
        building.mkdir(mode=0o700)
        carry_over(store_dir, building, key)
    publication.publish(building, store_dir)


def is_of_before(marts: Path) -> bool:
    """Whether a file of marts holds exact counts; one that cannot be opened is left to who wants to read it."""
    if not marts.exists():
        return False
    has_log = len(store.files_of(marts)) > 1
    try:
        # Opened to write, the engine takes in what a run that was stopped left in the log.
        with duckdb.connect(str(marts), read_only=not has_log) as connection:
            return bool(set(tables_of(connection, store.MARTS)) & MOVED.keys())
    except duckdb.Error:
        return False


def carry_over(store_dir: Path, to: Path, key: bytes, lasting_only: bool = False) -> None:
    """Write marts and exact counts of a store into new files, each table where it belongs, its rows in their order.

    lasting_only  leave out what a build makes anew
    """
    with duckdb.connect() as connection:
        attach_plain(connection, to, store.MARTS)
        store.attach_encrypted(connection, to, store.ASSURANCE, key, may_create=True)
        before = {}
        if store.database_file(store_dir, store.MARTS).exists():
            attach_plain(connection, store_dir, "marts_before")
            before["marts_before"] = store.MARTS
        if store.database_file(store_dir, store.ASSURANCE).exists():
            store.attach_encrypted(connection, store_dir, store.ASSURANCE, key, name="assurance_before")
            before["assurance_before"] = store.ASSURANCE
        for database, its_place in before.items():
            for schema, table in tables_of(connection, database):
                if lasting_only and schema not in LASTING:
                    continue
                is_moved = database == "marts_before" and (schema, table) in MOVED
                place = f"{store.ASSURANCE}.{MOVED[schema, table]}" if is_moved else f"{its_place}.{schema}"
                connection.execute(f"create schema if not exists {place}")
                connection.execute(
                    f'create or replace table {place}."{table}" as from {database}.{schema}."{table}" order by rowid'
                )


def attach_plain(connection: duckdb.DuckDBPyConnection, store_dir: Path, name: str) -> None:
    """Attach the marts of a folder, which are made where there are none."""
    file = store.database_file(store_dir, store.MARTS)
    connection.execute(f"attach '{store.sql_text(file)}' as {name}")


def tables_of(connection: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str]]:
    """Schema and name of each table of a database."""
    return connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? order by all", [database]
    ).fetchall()
