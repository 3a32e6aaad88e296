"""Relations that take labels off: what they give has passed disclosure control, or says nothing of a person.

One row a relation in `labels.csv`, with the reason and a digest of the SQL that was reviewed for it; what that SQL
withholds, and from whom, is proved by test_disclosure.py. Another text takes nothing off until somebody has read it;
nor does it of a column that the row does not name: what passes through as it is says whatever it is given to say.
"""

import csv
import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import sqlglot

from gp_level_data.shapes import Node

FILE = Path(__file__).parent / "labels.csv"
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
# Names that end like those of counts.
COUNTED = re.compile(r"(?:^|_)count$", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """Which labels a relation takes off its rows and some of its columns, why it may, and the text that was reviewed."""

    takes_off: frozenset[str]
    columns: tuple[str, ...]
    reason: str
    reviewed: str


@functools.cache
def labels_taken_off() -> dict[str, Row]:
    """The rows of labels.csv by the name of the relation."""
    with FILE.open(newline="", encoding="utf-8") as file:
        return {
            row["relation"]: Row(
                frozenset(row["takes_off"].split(" and ")),
                tuple(row["columns"].split()),
                row["reason"],
                row["reviewed"],
            )
            for row in csv.DictReader(file)
        }


def text_digest(sql: str) -> str:
    """16 letters that another text does not have; the layout and the comments of SQL are no part of it."""
    try:
        text = sqlglot.parse_one(sql, dialect="duckdb").sql(dialect="duckdb", comments=False)
    except (sqlglot.errors.SqlglotError, RecursionError):
        text = sql
    return hashlib.sha256(text.encode()).hexdigest()[:16].translate(LETTERS)


def write_reviewed(nodes: dict[str, Node]) -> list[str]:
    """Enter the texts as they are now, of compiled models by their names; the names of those that were others."""
    rows = labels_taken_off()
    found = {name: text_digest(nodes[name]["compiled_code"]) for name in rows if name in nodes}
    with FILE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("relation", "takes_off", "columns", "reviewed", "reason"))
        for name, row in rows.items():
            reviewed, labels = found.get(name, row.reviewed), " and ".join(sorted(row.takes_off))
            writer.writerow((name, labels, " ".join(row.columns), reviewed, row.reason))
    labels_taken_off.cache_clear()
    return [name for name, digest in found.items() if rows[name].reviewed != digest]
