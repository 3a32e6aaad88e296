"""Every byte that commands leave behind, searched for a key in any spelling and for numbers."""

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

HALF = 16
TEN_DIGITS = re.compile(rb"(?=(\d{3}[ -]?\d{3}[ -]?\d{4}))")


def spellings(key: bytes) -> Iterator[bytes]:
    """Each half of a key as bytes, in every writing that a tool might give it.

    Raw, hex in both cases, both alphabets of base64 at all three alignments, Python's and a list's
    notation, a whole number; as ASCII and UTF-16; forwards and backwards.
    """
    for half in (key[:HALF], key[HALF:]):
        writings = {half, half[::-1]}
        for text in written(half):
            for direction in (text, text[::-1]):
                writings |= {direction.encode(), direction.encode("utf-16-le"), direction.encode("utf-16-be")}
        yield from writings
    yield str(int.from_bytes(key, "big")).encode()
    yield str(int.from_bytes(key, "little")).encode()


def written(half: bytes) -> Iterator[str]:
    for order in (half, half[::-1]):
        yield order.hex()
        yield order.hex().upper()
        yield order.hex(" ")
        yield order.hex(":")
        yield repr(order)[2:-1]
        yield "".join(f"\\x{byte:02x}" for byte in order)
        yield "".join(f"\\x{byte:02X}" for byte in order)
        yield str(list(order))[1:-1]
        for offset in range(3):
            # What stands before and after shares a character with the half: that one is left out.
            encoded = base64.b64encode(bytes(offset) + order).decode()
            inside = encoded[-(-offset * 8 // 6) :].rstrip("=")[:-1]
            yield inside
            yield inside.replace("+", "-").replace("/", "_")


def files_below(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def files_with_key(folders: Iterable[Path], key: bytes) -> list[str]:
    """Names of the files that hold half a key or more."""
    wanted = list(spellings(key))
    found = []
    for path in files_below(folders):
        content = path.read_bytes()
        if any(spelling in content for spelling in wanted):
            found.append(path.name)
    return found


def files_with_numbers(folders: Iterable[Path], numbers: set[str]) -> dict[str, int]:
    """Files that hold one of the numbers, plain or 3-3-4, also inside a longer run of digits."""
    found = {}
    for path in files_below(folders):
        runs = {
            re.sub(rb"[ -]", b"", match[1]).decode() for match in TEN_DIGITS.finditer(path.read_bytes())
        }
        if runs & numbers:
            found[path.name] = len(runs & numbers)
    return found
