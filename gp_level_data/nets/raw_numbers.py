"""The NHS Numbers of a raw folder, read by plain Python: neither the gateway's reader nor its rules."""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet

TEN_DIGITS = re.compile(r"[0-9]{10}")
# What a sender may write between the three groups of a number.
SEPARATORS = re.compile(r"[\s-]")


def numbers_in(raw_dir: Path) -> set[str]:
    """Every ten-digit text of every identifier column, valid or not, plain or 3-3-4.

    Identifier columns are those whose name speaks of NHS, and the first of a file of the exchange on
    national opt-outs, which has no header.
    """
    found = set()
    for path in sorted(path for path in raw_dir.rglob("*") if path.is_file()):
        for value in identifiers(path):
            digits = SEPARATORS.sub("", value or "")
            if TEN_DIGITS.fullmatch(digits):
                found.add(digits)
    return found


def identifiers(path: Path) -> Iterator[str]:
    """The values of a file's identifier columns."""
    if path.suffix == ".parquet":
        with pyarrow.parquet.ParquetFile(path) as file:
            names = [name for name in file.schema_arrow.names if "NHS" in name.upper()]
            for batch in file.iter_batches(columns=names):
                for column in batch.columns:
                    yield from (str(value) for value in column.to_pylist())
    elif path.name.endswith((".csv", ".csv.gz", ".dat")):
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as stream:
            text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
            if path.suffix == ".dat":
                yield from (line.split(",")[0] for line in text)
                return
            rows = csv.reader(line.replace("\0", "") for line in text)
            header = next(rows, [])
            places = [place for place, name in enumerate(header) if "NHS" in name.upper()]
            for row in rows if places else ():
                yield from (row[place] for place in places if place < len(row))


def numbers_quoted(*folders: Path) -> set[str]:
    """Ten-digit texts of a project's own text files, such as the invented people of its unit tests."""
    return {
        digits
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".yml", ".sql", ".csv", ".md")
        for digits in TEN_DIGITS.findall(path.read_text(encoding="utf-8"))
    }
