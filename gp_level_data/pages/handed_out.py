"""CSV files that leave the house: as RFC 4180 writes them, and harmless in a spreadsheet.

A spreadsheet runs a text that begins like a formula. Such a text gets an apostrophe before it, which
spreadsheets take for "this is text" (OWASP, CSV injection). Numbers stay numbers, also negative ones,
and `*` stays the text that it is: it stands for a count that is withheld, where an empty field means none.
"""

import csv
import functools
import hashlib
import io
import os
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gp_level_data.refusal import Refusal

if TYPE_CHECKING:
    import pyarrow

FORMULA = set("=+-@|")


@dataclass(frozen=True)
class Written:
    """A file that was written: its name, its size and its SHA-256."""

    name: str
    byte_count: int
    digest: bytes


def write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> Written:
    """A table as CSV in UTF-8."""
    text = io.StringIO(newline="")
    # Quoted, so that a separator of another country's spreadsheet inside a text separates nothing.
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(map(harmless, header))
    for row in rows:
        writer.writerow([harmless(value) for value in row])
    return write_text(path, text.getvalue())


def write_text(path: Path, text: str) -> Written:
    """A text in UTF-8."""
    return write(path, text.encode())


def write(path: Path, content: bytes) -> Written:
    """A file, for its owner alone until it is handed over; on the disk for good after `settle`."""
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
    return Written(path.name, len(content), hashlib.sha256(content).digest())


def write_parquet(path: Path, rows: "pyarrow.Table") -> Written:
    """A table as Parquet."""
    from pyarrow import BufferOutputStream, parquet

    stream = BufferOutputStream()
    parquet.write_table(rows, stream)
    return write(path, stream.getvalue().to_pybytes())


def typed(header: Sequence[str], kinds: Sequence[str], rows: Sequence[Sequence[object]]) -> "pyarrow.Table":
    """Rows as a table whose columns have the engine's types, also where a practice has no value."""
    import pyarrow

    values = zip(*rows) if rows else ([] for _ in header)
    return pyarrow.table(
        {name: pyarrow.array(list(column), kind) for name, kind, column in zip(header, types_of(tuple(kinds)), values)}
    )


@functools.cache
def types_of(kinds: tuple[str, ...]) -> "list[pyarrow.DataType]":
    """Arrow's types for the engine's."""
    import duckdb

    with duckdb.connect() as connection:
        columns = ", ".join(f"null::{kind} as c{at}" for at, kind in enumerate(kinds))
        return list(connection.execute(f"select {columns}").to_arrow_table().schema.types)


def written(path: Path) -> Written:
    """A file that something else wrote."""
    content = path.read_bytes()
    return Written(path.name, len(content), hashlib.sha256(content).digest())


def settle() -> None:
    """Whatever was written is on the disk for good. Once for all: file by file, a country takes an hour."""
    os.sync()


def unfinished_of(folder: Path) -> Path:
    """Where a folder is written until it is complete."""
    return folder.with_name(f".{folder.name}.unfinished")


@contextmanager
def complete_or_nothing(folder: Path) -> Iterator[Path]:
    """A folder that appears at one moment, when all is in it; nothing of it where that fails."""
    unfinished = unfinished_of(folder)
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(mode=0o700, parents=True)
        yield unfinished
        settle()
        unfinished.rename(folder)
    except OSError as error:
        raise Refusal(f"The folder {folder} cannot be written: {error.strerror}.") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def refuse_among(to: Path, *kept: Path) -> None:
    """A Refusal of a place that is handed out with the store or its keys, or that stands in the way of their end."""
    for folder in kept:
        if to == folder or folder in to.parents or to in folder.parents:
            raise Refusal(f"What is handed out cannot lie with the store or its keys: {to}.")


def write_sums(folder: Path, written: Iterable[Written]) -> Written:
    """`SHA256SUMS`, which `sha256sum --check` reads; its digits are those of checksums."""
    lines = [f"{file.digest.hex()}  {file.name}\n" for file in written]
    return write_text(folder / "SHA256SUMS", "".join(lines))


def harmless(value: object) -> object:
    """A value as it may stand in a cell."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    # A line that a cell contains begins a new one in some spreadsheets.
    value = value.replace("\0", "")
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"'{value}" if any(map(begins_like_a_formula, lines)) else value


def begins_like_a_formula(line: str) -> bool:
    """Whether the first character that is not blank or invisible starts a formula, in any width."""
    for character in unicodedata.normalize("NFKC", line):
        if not character.isspace() and unicodedata.category(character)[0] not in "CZ":
            return character in FORMULA
    return False
