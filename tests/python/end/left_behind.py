"""Every byte that commands leave behind, searched for keys in any spelling and for numbers."""

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

HALF = 16
# What a run of ten digits looks like, plain or 3-3-4, when only the kind of each byte is told.
KINDS = bytes(ord("0") if byte in b"0123456789" else ord("-") if byte in b" -" else 0 for byte in range(256))
SHAPES = tuple(b"000" + first + b"000" + second + b"0000" for first in (b"", b"-") for second in (b"", b"-"))
TEN_DIGITS = re.compile(rb"(?=(\d{3}[ -]?\d{3}[ -]?\d{4}))")


def spellings(key: bytes) -> set[bytes]:
    """Each half of a key in every writing that a tool might give it, forwards and backwards, in lower case.

    Hex plain and separated, Python's and a blob's escapes, a list, base64 in both alphabets at all three
    alignments, a whole number. Lower case covers capitals; UTF-16 is read without its zero bytes.
    """
    texts = {str(int.from_bytes(key, "big")), str(int.from_bytes(key, "little"))}
    for half in (key[:HALF], key[HALF:]):
        texts |= {half.hex(), half.hex(" "), half.hex(":"), str(list(half))[1:-1], repr(half)[2:-1]}
        texts |= {"".join(f"\\x{byte:02x}" for byte in half), half[::-1].hex(), str(list(half[::-1]))[1:-1]}
        for before in range(3):
            # A character that bits of the neighbours share is left out, at either end.
            encoded = base64.b64encode(bytes(before) + half).decode().rstrip("=")
            inside = encoded[-(-before * 8 // 6) : -1]
            texts |= {inside, inside.replace("+", "-").replace("/", "_")}
    return {direction.lower().encode() for text in texts for direction in (text, text[::-1])}


def holds_key(content: bytes, key: bytes) -> bool:
    """Whether half a key or more is in a file's content."""
    halves = (key[:HALF], key[HALF:])
    if any(half in content or half[::-1] in content for half in halves):
        return True
    flat = content.replace(b"\0", b"").lower()
    return any(spelling in flat for spelling in spellings(key))


def files_below(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def files_with_key(folders: Iterable[Path], *keys: bytes) -> list[str]:
    """Names of the files that hold one of the keys."""
    return [
        path.name
        for path in files_below(folders)
        if any(holds_key(content, key) for content in (path.read_bytes(),) for key in keys)
    ]


def numbers_in(content: bytes) -> set[str]:
    """Runs of ten digits, plain or 3-3-4, also inside a longer run."""
    kinds = content.translate(KINDS)
    if not any(shape in kinds for shape in SHAPES):
        # Found out in a tenth of the time, and so it is with whatever is encrypted.
        return set()
    return {re.sub(rb"[ -]", b"", match[1]).decode() for match in TEN_DIGITS.finditer(content)}


def files_with_numbers(folders: Iterable[Path], numbers: set[str]) -> dict[str, int]:
    """Files that hold some of the numbers, and how many."""
    found = {path.name: numbers_in(path.read_bytes()) & numbers for path in files_below(folders)}
    return {name: len(held) for name, held in found.items() if held}
