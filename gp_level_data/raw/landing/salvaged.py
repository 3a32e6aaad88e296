"""Whom a refused opt-out file may name: every number in it that may be a patient's.

What such a file says, nobody knows. Its practice is kept out, but who objected there may be registered elsewhere: so
each number counts as an objection of every kind, as one whose code is not known does. Too many are kept out by it, if
any.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow
import pyarrow.parquet

from gp_level_data.raw.landing.packed import DAMAGED, LOCKED, Gzip

# Larger ones are no opt-out files; what they hold is not looked for.
LARGEST = 256 * 1024 * 1024
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
TEN_DIGITS = re.compile(rb"(?<![0-9])([0-9]{3})([ -]?)([0-9]{3})\2([0-9]{4})(?![0-9])")


def numbers(path: Path) -> list[str]:
    """The numbers in a file, however it is packed, in ascending order; those that can be an NHS Number."""
    found = set()
    for content in contents(path):
        # without the zeros that UTF-16 puts between digits
        for match in TEN_DIGITS.finditer(content.replace(b"\0", b"")):
            number = b"".join(match.group(1, 3, 4)).decode()
            if is_valid(number):
                found.add(number)
    return sorted(found)


def is_valid(number: str) -> bool:
    """Whether the check digit of ten digits is right."""
    return sum(int(digit) * weight for digit, weight in zip(number, range(10, 0, -1), strict=True)) % 11 == 0


def contents(path: Path) -> Iterator[bytes]:
    """What a file holds, unpacked as far as that goes; nothing of a folder or of what this account may not read."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return
        content = path.read_bytes()
    except OSError:
        return
    if content.startswith(PARQUET):
        yield from cells(content)
    elif content.startswith(GZIP):
        yield from blocks(content)
    elif zipfile.is_zipfile(io.BytesIO(content)):
        yield from members(content)
    else:
        yield content


def cells(content: bytes) -> Iterator[bytes]:
    """Every value of a Parquet file as text, a line each."""
    try:
        table = pyarrow.parquet.read_table(io.BytesIO(content))
    except (OSError, pyarrow.ArrowException):
        return
    for column in table.columns:
        yield "\n".join(map(str, column.to_pylist())).encode()


def blocks(content: bytes) -> Iterator[bytes]:
    """What gzip holds, up to where it is damaged; the blocks of one stream together, as a number may lie across two."""
    unpacked = bytearray()
    with suppress(*DAMAGED):
        for block in Gzip(io.BytesIO(content)).blocks:
            unpacked += block
            if len(unpacked) > LARGEST:
                break
    yield bytes(unpacked)


def members(content: bytes) -> Iterator[bytes]:
    """What each file of an archive holds, such as the sheets of a workbook."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except DAMAGED:
        # Its list of files is; what is not packed may still be read.
        yield content
        return
    for member in archive.infolist():
        if member.flag_bits & LOCKED or member.file_size > LARGEST:
            continue
        with suppress(*DAMAGED):
            yield archive.read(member)
