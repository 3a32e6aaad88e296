"""Key files: 32 random bytes each, one file a key, readable by their owner alone.

Two custodians. The collection's key makes the pseudonyms and is needed by the gateway run only. The
store's key opens the encrypted patient-level database, and is destroyed with it; the assurance key opens
the exact counts that outlive it. These two are needed by both runs.

A register beside the keys remembers the fingerprint of each, also of those destroyed, so that no key
serves twice and none comes back. It holds no key material.
"""

import contextlib
import csv
import hashlib
import hmac
import os
import re
import secrets
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gp_level_data.project import COLLECTION, ids_of
from gp_level_data.refusal import Refusal

KEY_BYTES = 32
STORE_KEY = "patient_level"
ASSURANCE_KEY = "assurance"
# The keys of databases, which are no collection's.
OF_DATABASES = (STORE_KEY, ASSURANCE_KEY)
SAMPLE_MARKER = "SAMPLE_KEYS"
REGISTER = "register.csv"
NAME = re.compile(r"[a-z][a-z0-9_]*")
OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
MADE, DESTROYED = "made", "destroyed"


@dataclass(frozen=True)
class Entry:
    """A line of the register: what happened to which key."""

    event: str
    name: str
    fingerprint: str


class StoreKeys(NamedTuple):
    """The keys that open a store, by the databases that they open."""

    patient_level: bytes
    assurance: bytes


def key_file(key_dir: Path, name: str) -> Path:
    """Where the key of a collection, or of a database (OF_DATABASES), lies."""
    if not NAME.fullmatch(name):
        raise Refusal("The name of a key is lower-case letters, digits and underscores.")
    return key_dir / f"{name}.key"


def fingerprint(key: bytes) -> str:
    """16 letters a to p that tell keys apart and say nothing of the key.

    The first 64 bits of an HMAC-SHA-256 under the key itself, over a text that no pseudonym is made
    from: to find the key one would have to try all 2^256. Letters, so that no run of digits occurs.
    """
    digest = hmac.new(key, b"gp_level_data/fingerprint", hashlib.sha256).hexdigest()
    return digest[:16].translate(LETTERS)


def new_key(key_dir: Path, name: str) -> bool:
    """Make a key unless there is one; says whether it did. An existing key is never overwritten."""
    path = key_file(key_dir, name)
    make_folder(key_dir)
    key = secrets.token_bytes(KEY_BYTES)
    # Written beside it and then linked: a key is there whole, or not at all.
    unfinished = key_dir / f".{secrets.token_hex(8)}.unfinished"
    try:
        write_private(unfinished, key, os.O_EXCL)
        os.link(unfinished, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise Refusal(f"The key {path} cannot be made: {error.strerror}.") from None
    finally:
        unfinished.unlink(missing_ok=True)
    note(key_dir, Entry(MADE, name, fingerprint(key)))
    return True


def making(key_dir: Path, name: str) -> str:
    """The command that makes a key, as it is typed: each collection makes its own and those of its releases."""
    whose = name if name in ids_of("collections") else "..."
    is_made_always = name in (COLLECTION, *OF_DATABASES)
    return f"make key KEY_DIR={shlex.quote(str(key_dir))}" + ("" if is_made_always else f" COLLECTION={whose}")


def read_key(key_dir: Path, name: str) -> bytes:
    """The 32 bytes of a key; a Refusal where there is none that can be trusted."""
    path = key_file(key_dir, name)
    try:
        mode = path.stat().st_mode
        key = path.read_bytes()
        folder_mode = key_dir.stat().st_mode
    except FileNotFoundError:
        raise Refusal(f"There is no key {path}: make one with `{making(key_dir, name)}`.") from None
    except OSError as error:
        raise Refusal(f"The key {path} cannot be read: {error.strerror}.") from None
    if mode & OTHERS:
        raise Refusal(f"The key {path} is open to others than its owner: `chmod 600` it.")
    if folder_mode & OTHERS_WRITE:
        raise Refusal(f"Others than its owner may write to the key folder {key_dir}: `chmod 700` it.")
    if len(key) != KEY_BYTES:
        raise Refusal(f"The key {path} is {len(key)} bytes long; a key is {KEY_BYTES}.")
    if not any(key):
        raise Refusal(f"The key {path} is all zeros; make one with `make key`.")
    check_unused(key_dir, name, key)
    return key


def of_store(key_dir: Path) -> StoreKeys:
    """The keys that open a store; a Refusal where one is missing or cannot be trusted."""
    return StoreKeys(*(read_key(key_dir, name) for name in OF_DATABASES))


def claim_key(key_dir: Path, name: str) -> bytes:
    """The same, and the register knows from now on that it is this name's, also where it came by hand."""
    key = read_key(key_dir, name)
    if not any(entry.fingerprint == fingerprint(key) for entry in register(key_dir)):
        note(key_dir, Entry(MADE, name, fingerprint(key)))
    return key


def check_unused(key_dir: Path, name: str, key: bytes) -> None:
    """Refuse a key that is another's, or that was destroyed and has come back."""
    for entry in register(key_dir):
        if entry.fingerprint != fingerprint(key):
            continue
        if entry.name != name:
            raise Refusal(
                f"The key {key_file(key_dir, name)} is that of {entry.name}: each collection, and"
                " the store, has a key of its own."
            )
        if entry.event == DESTROYED:
            raise Refusal(
                f"The key {key_file(key_dir, name)} was destroyed and has come back: make a new one,"
                " and find out where the copy was."
            )


def destroy_key(key_dir: Path, name: str) -> str:
    """Overwrite a key and delete it; its fingerprint. A Refusal where there is no key to destroy.

    The register is written first: a crash in between leaves a key that is refused, and that a second
    call destroys. What this cannot reach, the command says (key_command.py).
    """
    path = key_file(key_dir, name)
    try:
        # Not through a link: what it points to would lose its content and keep its name.
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        before = " It was destroyed before" if is_destroyed(key_dir, name) else " Nothing was destroyed"
        raise Refusal(f"There is no key {path}.{before}.") from None
    except OSError as error:
        raise Refusal(f"The key {path} cannot be destroyed: {error.strerror}.") from None
    with os.fdopen(handle, "r+b") as file:
        key = file.read()
        print_of = fingerprint(key)
        known = {entry for entry in register(key_dir) if entry.fingerprint == print_of}
        # A stray copy of another's key must not make the register call the original destroyed.
        if not any(entry.name != name for entry in known):
            note(key_dir, Entry(DESTROYED, name, print_of))
        file.seek(0)
        file.write(secrets.token_bytes(len(key)))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync(key_dir)
    return print_of


def is_destroyed(key_dir: Path, name: str) -> bool:
    """Whether the last that the register knows of a name is its destruction."""
    events = [entry.event for entry in register(key_dir) if entry.name == name]
    return events[-1:] == [DESTROYED]


def register(key_dir: Path) -> list[Entry]:
    """What happened to the keys of a folder, in order."""
    path = key_dir / REGISTER
    try:
        with path.open(newline="", encoding="utf-8") as file:
            entries = [Entry(*row) for row in csv.reader(file)]
    except FileNotFoundError:
        return []
    except (OSError, TypeError, UnicodeDecodeError):
        raise Refusal(f"The register of keys {path} cannot be read.") from None
    if any(entry.event not in (MADE, DESTROYED) for entry in entries):
        raise Refusal(f"The register of keys {path} cannot be read.")
    return entries


def note(key_dir: Path, entry: Entry) -> None:
    """Add a line to the register, for good before anything else happens."""
    path = key_dir / REGISTER
    line = f"{entry.event},{entry.name},{entry.fingerprint}\n".encode()
    size = path.stat().st_size if path.exists() else 0
    try:
        # An editor or a torn write may have taken the end of the last line: two on one could never be read again.
        before = path.read_bytes() if path.exists() else b""
        if before and not before.endswith(b"\n"):
            line = b"\n" + line
        write_private(path, line, os.O_APPEND)
        sync(key_dir)
    except OSError as error:
        # Nor could half a line, which a full disk leaves.
        with contextlib.suppress(OSError):
            os.truncate(path, size)
        raise Refusal(f"The register of keys {path} cannot be written: {error.strerror}.") from None


def names(key_dir: Path) -> Iterator[str]:
    """Names of the keys in a folder."""
    yield from sorted(path.stem for path in key_dir.glob("*.key"))


def make_folder(key_dir: Path) -> None:
    """The folder, its owner's alone; one that exists is taken as it is, unless others may write to it."""
    if not key_dir.exists():
        key_dir.mkdir(parents=True)
        # The permissions of mkdir and of open are cut by the process's umask, those of chmod are not.
        key_dir.chmod(0o700)
    if key_dir.stat().st_mode & OTHERS_WRITE:
        raise Refusal(f"Others than its owner may write to the key folder {key_dir}: `chmod 700` it.")


def write_private(path: Path, content: bytes, how: int) -> None:
    """Write a file that its owner alone may read, whatever the umask, down to the disk."""
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | how, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """What was written to a file, or the names in a folder, are on the disk for good."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def mark_as_sample(key_dir: Path) -> None:
    """Say of the keys in a folder that they were made for synthetic data."""
    write_private(key_dir / SAMPLE_MARKER, b"Made for synthetic data; refused on any other.\n", os.O_TRUNC)


def unmark_as_sample(key_dir: Path) -> None:
    """Say so no longer, as its keys are gone."""
    (key_dir / SAMPLE_MARKER).unlink(missing_ok=True)


def is_for_sample(key_dir: Path) -> bool:
    """Whether the keys in a folder were made for synthetic data."""
    return (key_dir / SAMPLE_MARKER).exists()
