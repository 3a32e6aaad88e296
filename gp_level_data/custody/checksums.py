"""SHA-256 in letters: what the records of a store say of a file, a table or another record.

Letters a to p in eight groups of eight. Written in digits, one checksum in two holds ten digits in a
row, and a search for the numbers of a whole country would take some of them for a person's. In groups
it is never 32 letters long, as a pseudonym is, and two people can read it to each other.
"""

import hashlib
import hmac
from pathlib import Path

from gp_level_data.custody.keys import LETTERS

GROUP = 8


def in_letters(digest: bytes) -> str:
    """The 32 bytes of a SHA-256 as 64 letters, with a hyphen after each eighth."""
    letters = digest.hex().translate(LETTERS)
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def of_bytes(content: bytes) -> str:
    return in_letters(hashlib.sha256(content).digest())


def of_file(path: Path) -> str:
    with path.open("rb") as file:
        return in_letters(hashlib.file_digest(file, "sha256").digest())


def of_file_under_key(path: Path, key: bytes) -> str:
    """That of a raw file under the collection's key: after its destruction nobody can ask any more."""
    with path.open("rb") as file:
        return under_key(hashlib.file_digest(file, "sha256").digest(), key, "raw_file")


def under_key(digest: bytes, key: bytes, kind: str) -> str:
    """A checksum that only who has the key can make: HMAC-SHA-256 of a file's SHA-256.

    Of a short file about few people, a plain checksum would tell whoever tries whom it is about, or how many
    there are. Under a key it tells the custodian whether a file is still the same.
    """
    return in_letters(hmac.new(key, f"gp_level_data/{kind}\0".encode() + digest, hashlib.sha256).digest())
