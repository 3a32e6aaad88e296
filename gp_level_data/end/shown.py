"""Counts of rows and sizes of files as the ledger tells them, which lies in the clear and is kept for ever.

Exact ones would undo what disclosure control withholds: with the rows of a practice's opt-out file, or its size in
bytes, anybody works out how few of its patients object.
"""

import csv
import functools

from gp_level_data.project import SEEDS

# A file of a few rows has the size of one of none.
STEP = 4096


@functools.cache
def rules(collection: str) -> dict[str, int]:
    """The disclosure rules of a collection: up to which count one is withheld, to what it is rounded."""
    with (SEEDS / "disclosure_rules.csv").open(newline="", encoding="utf-8") as file:
        return {row["rule"]: int(row["value"]) for row in csv.DictReader(file) if row["collection"] == collection}


def count(exact: int | None, collection: str) -> int | None:
    """A count of rows: 0, to the nearest 5, or None where it is small or was not known."""
    if not exact:
        return exact
    rule = rules(collection)
    if exact <= rule["small_number_to"]:
        return None
    return (2 * exact + rule["rounding"]) // (2 * rule["rounding"]) * rule["rounding"]


def size(byte_count: int | None) -> int | None:
    """The size of a file about people, in whole blocks of 4,096 bytes."""
    return None if byte_count is None else -(-byte_count // STEP) * STEP
