"""What a number can be made to look like, recognised in bytes.

First everything that could be a number is collected from the bytes (tokens); then each number is looked
up among them. So six million numbers cost a lookup each, and are hashed once.
"""

import base64
import binascii
import gzip
import hashlib
import re
import unicodedata
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import numpy

from gp_level_data.nets import Finding
from gp_level_data.nets.spelling import IN_WORDS, digits_of_words, numbers_spread

DIGESTS = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256}
DIGEST_BYTES = (16, 20, 32)
RUN = re.compile(rb"[0-9]{9,}")
# 3-3-4, the same backwards, and digit by digit, with one separator throughout: in UTF-8 a dash is 3 bytes.
GROUPS = [
    re.compile(rb"(?<![0-9])[0-9]{3}([^0-9A-Za-z]{1,6})[0-9]{3}\1[0-9]{4}(?![0-9])"),
    re.compile(rb"(?<![0-9])[0-9]{4}([^0-9A-Za-z]{1,6})[0-9]{3}\1[0-9]{3}(?![0-9])"),
    re.compile(rb"(?<![0-9])[0-9]([^0-9A-Za-z]{1,6})[0-9](?:\1[0-9]){8}(?![0-9])"),
]
HEX = re.compile(rb"(?<![0-9A-Za-z])(?:0x)?([0-9A-Fa-f]{8,})(?![0-9A-Za-z])")
UUID = re.compile(rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# Digits in base 64 keep to a few letters. Two groups of three are left wherever the text begins.
DIGITS_IN_BASE_64 = re.compile(rb"(?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){2}")
DIGEST_IN_BASE_64 = re.compile(
    rb"(?<![0-9A-Za-z+/_-])([0-9A-Za-z+/_-]{22}|[0-9A-Za-z+/_-]{27}|[0-9A-Za-z+/_-]{43})(?![0-9A-Za-z+/_-])"
)
BASE_64_AROUND = 48
NOT_BASE_64 = re.compile(rb"[^0-9A-Za-z+/_-]")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
# How a machine may write an integer or a whole number of floating point.
MACHINE_NUMBERS = ("<i8", ">i8", "<f8", ">f8")
ASCII = set(map(chr, range(128)))
# What a file that is no text prints, separators of three bytes included.
PRINTED = re.compile(rb"[ -~\xc2\xe2\xa0\x80-\x95]{9,}")
IN_UTF_16 = re.compile(rb"(?:[ -~]\0{1,3}){9,}[ -~]?")
READ_OUT = re.compile(IN_WORDS.pattern.encode(), IN_WORDS.flags & ~re.UNICODE)
BEYOND_ASCII = re.compile(rb"(?:[\xc2-\xf4][\x80-\xbf]{1,3}[^0-9A-Za-z]{0,3}){10,}")
DEPTH = 3


class Tokens:
    """What could be a number, and where it was seen."""

    def __init__(self, nine_digits: bool = False) -> None:
        """nine_digits: count nine as well, from which the tenth can be worked out. For values, not for
        whole files: among the digits of a file some nine are always somebody's."""
        self.nine_digits = nine_digits
        self.seen: dict[bytes | int, Counter[Any]] = defaultdict(Counter)

    def add(self, where: str, content: bytes, how: str = "", depth: int = DEPTH) -> None:
        """Collect from bytes, and from what they hold compressed or encoded."""
        for value in machine_numbers(content) if b"\0" in content else ():
            self.seen[value][where, "in binary"] += 1
        for inner in unpacked(content) if depth else ():
            self.add(where, inner, "compressed", depth - 1)
        for view, written in views(content):
            for token, encoded in tokens_in(view):
                self.seen[token][where, encoded or written or how] += 1
            for inner, encoded in encoded_in(view) if depth else ():
                self.add(where, inner, encoded, depth - 1)

    def add_beside(self, where: str, rows: Iterable[list[str]]) -> None:
        """Collect numbers whose digits lie in several values next to each other, by their check digit."""
        for number in (number for row in rows for number in numbers_spread(row)):
            self.seen[number.encode()][where, "over several values"] += 1

    def findings(self, numbers: Iterable[str]) -> list[Finding]:
        """Where one of the numbers was seen, in which disguise, and how often."""
        found: Counter[Any] = Counter()
        has_digests = any(isinstance(token, bytes) and len(token) > 10 for token in self.seen)
        for number in numbers:
            for token, disguise in self.disguises(number.encode(), has_digests):
                for (where, how), count in self.seen.get(token, {}).items():
                    found[where, ", ".join(filter(None, (disguise, how)))] += count
        return [
            Finding("values", where, f"a number that was sent, {what}: {count} times")
            for (where, what), count in sorted(found.items())
        ]

    def disguises(self, digits: bytes, has_digests: bool) -> Iterator[tuple[bytes | int, str]]:
        """The tokens by which a number would show, and their names."""
        yield digits, "as it is"
        yield digits[::-1], "reversed"
        yield int(digits), "as an integer"
        if self.nine_digits:
            yield digits[:9], "its first nine digits"
            yield digits[::-1].lstrip(b"0").rjust(9, b"0"), "reversed, as an integer"
        for name, digest in DIGESTS.items() if has_digests else ():
            yield digest(digits).digest(), name


def views(content: bytes) -> Iterator[tuple[bytes, str]]:
    """What the bytes print, what they print in UTF-16, what they read out, and every script's digits as ASCII ones."""
    yield b"\n".join(PRINTED.findall(content)) if b"\0" in content else content, ""
    if b"\0" in content:
        yield b"\n".join(wide.replace(b"\0", b"") for wide in IN_UTF_16.findall(content)), "in UTF-16"
    read_out = [digits_of_words(match[0].decode("latin-1")) for match in READ_OUT.finditer(content)]
    if read_out:
        yield "\n".join(read_out).encode(), "in words"
    if b"\\u" in content or not content.isascii():
        try:
            text = content.decode()
        except UnicodeDecodeError:
            # Not a text: only what reads like ten characters beyond ASCII is worth it.
            text = b"\n".join(BEYOND_ASCII.findall(content)).decode("utf-8", "ignore")
        text = ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        others = {ord(letter): unicodedata.digit(letter, None) for letter in set(text) - ASCII}
        digits = {letter: str(digit) for letter, digit in others.items() if digit is not None}
        yield text.translate(digits).encode("utf-8", "ignore"), "in other digits"


def tokens_in(view: bytes) -> Iterator[tuple[bytes | int, str]]:
    """Everything in the bytes that could be a number."""
    for match in RUN.finditer(view):
        run = match[0]
        if len(run) == 9:
            yield run, ""
        for start in range(len(run) - 9):
            yield run[start : start + 10], ""
    for pattern in GROUPS:
        for match in pattern.finditer(view):
            yield re.sub(rb"[^0-9]", b"", match[0]), "in groups"
    for match in HEX.finditer(view):
        value = int(match[1], 16)
        if 10**9 <= value < 10**10:
            yield value, "in hexadecimal"
        if len(match[1]) // 2 in DIGEST_BYTES and len(match[1]) % 2 == 0:
            yield bytes.fromhex(match[1].decode()), "in hexadecimal"
    for match in UUID.finditer(view):
        yield bytes.fromhex(match[0].replace(b"-", b"").decode()), "as a UUID"
    for match in DIGEST_IN_BASE_64.finditer(view):
        for digest in decoded(match[1]):
            yield digest, "in base 64"


def machine_numbers(content: bytes) -> Iterator[int]:
    """Whole numbers of ten digits, at any offset, as 64 bits of either order."""
    for offset in range(min(8, max(len(content) - 7, 0))):
        for machine_type in MACHINE_NUMBERS:
            length = (len(content) - offset) // 8
            values = numpy.frombuffer(content, machine_type, length, offset)
            with numpy.errstate(invalid="ignore"):
                values = values[(values >= 10**9) & (values < 10**10)]
            yield from (int(value) for value in values.tolist() if value == int(value))


def unpacked(content: bytes) -> Iterator[bytes]:
    """What the bytes hold compressed."""
    try:
        if content[:2] == b"\x1f\x8b":
            yield gzip.decompress(content)
        elif content[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(BytesIO(content)) as archive:
                yield from map(archive.read, archive.namelist())
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile):
        return  # it only began like one


def encoded_in(view: bytes) -> Iterator[tuple[bytes, str]]:
    """What the bytes hold in hexadecimal or base 64."""
    for match in HEX.finditer(view):
        if len(match[1]) >= 20 and len(match[1]) % 2 == 0:
            yield bytes.fromhex(match[1].decode()), "in hexadecimal"
    for match in DIGITS_IN_BASE_64.finditer(view):
        before = view[max(match.start() - BASE_64_AROUND, 0) : match.start()]
        after = NOT_BASE_64.split(view[match.end() : match.end() + BASE_64_AROUND])[0]
        # The signature lies on a boundary of four letters, so the rest does too.
        before = NOT_BASE_64.split(before)[-1]
        before = before[len(before) % 4 :]
        for text in decoded(before + match[0] + after):
            yield text, "in base 64"


def decoded(text: bytes) -> Iterator[bytes]:
    """The bytes that base 64 of either alphabet stands for; a letter too many is left out."""
    text = text.translate(bytes.maketrans(b"-_", b"+/"))
    text = text[: len(text) - (len(text) % 4 == 1)]
    try:
        yield base64.b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return
