"""Whether the results of a store are still those that were reported back."""

from pathlib import Path

import duckdb

from gp_level_data.custody import checksums, published_tables, store
from gp_level_data.end import ledger, policy
from gp_level_data.end.ledger import Entry
from gp_level_data.pages import packs

SAME, CHANGED, LOST = "same", "changed", "lost"


def last(store_dir: Path, collection: str) -> Entry | None:
    """The last hand-over of a collection; None where there was none since its data were last destroyed."""
    if policy.reported_at(store_dir, collection) is None:
        return None
    entries = ledger.entries(store_dir, ledger.REPORTED_BACK)
    return [entry for entry in entries if entry.content["collection"] == collection][-1]


def results(connection: duckdb.DuckDBPyConnection) -> str:
    """One checksum of all that is handed over and outlives the personal data, to know it again."""
    tables = [part.relation for part in packs.PARTS if part.relation.startswith("main.")]
    lines = [f"{table.removeprefix('main.')} {published_tables.checksum_of(connection, table)}\n" for table in tables]
    return checksums.of_bytes("".join(lines).encode())


def compared(store_dir: Path, handed_over: str) -> str:
    """What became of results by their checksum at the hand-over; a Refusal where the file cannot be opened now."""
    marts = store.database_file(store_dir, store.MARTS)
    try:
        with published_tables.opened(store_dir) as connection, store.reading(marts):
            return SAME if results(connection) == handed_over else CHANGED
    except store.Lost:
        return LOST
    except (duckdb.CatalogException, duckdb.BinderException):
        # Tables of another version of the models.
        return CHANGED
