"""The NHS Numbers of a raw folder, read by plain Python: neither the gateway's reader nor its rules."""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pyarrow.parquet

TEN_DIGITS = re.compile(r"[0-9]{10}")
# What a sender may write between the three groups of a number, and what a float has after it.
SEPARATORS = re.compile(r"[\s-]|[.]0+$")
DELIMITERS = ",\t|"
READ_AS_TEXT = (".csv", ".txt", ".tsv", ".psv", ".dat")


def numbers_in(raw_dir: Path) -> set[str]:
    """Every ten-digit text of every identifier column, valid or not, plain or 3-3-4, also with decimals.

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
    """The values of a file's identifier columns; of one that is damaged, those before the damage."""
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            yield from of_parquet(path)
        elif name.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    with archive.open(member) as stream:
                        yield from of_text(stream, is_exchange=False)
        elif name.removesuffix(".gz").endswith(READ_AS_TEXT):
            with cast(IO[bytes], gzip.open(path, "rb") if name.endswith(".gz") else path.open("rb")) as stream:
                yield from of_text(stream, is_exchange=name.endswith(".dat"))
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, csv.Error, pyarrow.ArrowException):
        return


def of_parquet(path: Path) -> Iterator[str]:
    with pyarrow.parquet.ParquetFile(path) as file:
        names = [name for name in file.schema_arrow.names if "NHS" in name.upper()]
        for batch in file.iter_batches(columns=names):
            for column in batch.columns:
                # A float of ten digits has a point and a zero behind them.
                yield from (str(value) for value in column.to_pylist())


def of_text(stream: IO[bytes], is_exchange: bool) -> Iterator[str]:
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
    if is_exchange:
        yield from (line.split(",")[0] for line in text)
        return
    lines = (line.replace("\0", "") for line in text)
    header = next((line for line in lines if "NHS" in line.upper()), "")
    delimiter = max(DELIMITERS, key=header.count)
    places = [place for place, name in enumerate(header.split(delimiter)) if "NHS" in name.upper()]
    for row in csv.reader(lines, delimiter=delimiter) if places else ():
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
