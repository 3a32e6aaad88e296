"""The store's ledger: what was done with its data, one entry a file, each with the last one's checksum.

    ledger/0001_evidence.json, 0001_evidence.html
    ledger/0002_reported_back.json
    ledger/0003_destruction.json, 0003_destruction.html

An entry is there whole or not at all, is never changed, and outlives builds and destruction. Who
changes one, or takes one away from the middle, breaks the chain. Whoever takes away the last ones does
not: so each command prints the checksum of its entry, to be kept elsewhere.

The pages are for people and follow from the entries alone.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jsonschema

from gp_level_data.custody import checksums, store
from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Document

FOLDER = "ledger"
REPORTED_BACK, DESTRUCTION, EVIDENCE = "reported_back", "destruction", "evidence"
SCHEMAS = Path(__file__).parents[1] / "schemas"


@dataclass(frozen=True)
class Entry:
    """An entry as it lies in the ledger; `content` is its JSON."""

    path: Path
    content: Document
    checksum: str

    @property
    def kind(self) -> str:
        return str(self.content["kind"])


def entries(store_dir: Path, *kinds: str) -> list[Entry]:
    """The entries in order, all or those of some kinds; a Refusal where one cannot be read."""
    found = []
    for path in sorted((store_dir / FOLDER).glob("[0-9]*.json")):
        content = path.read_bytes()
        try:
            entry = Entry(path, json.loads(content), checksums.of_bytes(content))
            if not kinds or entry.kind in kinds:
                found.append(entry)
        except (ValueError, KeyError, TypeError):
            raise Refusal(f"The entry {path.name} of the ledger cannot be read.") from None
    return found


def draft(store_dir: Path, kind: str, facts: Document) -> tuple[Path, Document]:
    """What the next entry would be, and where."""
    before = entries(store_dir)
    number = len(before) + 1
    content = {
        "kind": kind,
        "entry": number,
        "previous": before[-1].checksum if before else None,
        **facts,
    }
    jsonschema.validate(content, schema(kind))
    return store_dir / FOLDER / f"{number:04d}_{kind}.json", content


def append(store_dir: Path, kind: str, facts: Document, page: str | None = None) -> Entry:
    """Write the next entry, after its page; whoever calls holds the store."""
    path, content = draft(store_dir, kind, facts)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    for half_written in path.parent.glob(".*"):
        half_written.unlink()
    if page is not None:
        write(page_of(path), page.encode())
    write(path, as_text(content))
    return Entry(path, content, checksums.of_file(path))


def write(path: Path, content: bytes) -> None:
    """A file of the ledger, for its owner alone, whole or not at all; an OSError says which file could not be."""
    try:
        handle = os.open(unfinished(path), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished(path).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished(path).unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None
    store.sync(path.parent)


def unfinished(path: Path) -> Path:
    """Where a file lies until it is whole; whoever is killed before, or finds the disk full, leaves it there."""
    return path.with_name(f".{path.name}")


def as_text(content: Document) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def schema(kind: str) -> Document:
    """The JSON schema of a kind of entry."""
    found: Document = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    return found


def page_of(path: Path) -> Path:
    """Where the page of an entry lies."""
    return path.with_suffix(".html")


def problems(store_dir: Path, last: str | None = None) -> Iterator[str]:
    """What is wrong with the chain, the first first; nothing where it holds.

    last    the checksum of an entry that has to be there, whatever follows it
    """
    previous, found = None, entries(store_dir)
    for number, entry in enumerate(found, start=1):
        name = entry.path.name
        if entry.path.name != f"{number:04d}_{entry.kind}.json" or entry.content["entry"] != number:
            yield f"{name}: entry {number} is missing"
            return
        if entry.content["previous"] != previous:
            yield f"{name}: it follows another entry than the one before it"
        if as_text(entry.content) != entry.path.read_bytes():
            yield f"{name}: it is not written as entries are"
        validator = jsonschema.Draft202012Validator(schema(entry.kind))
        for error in validator.iter_errors(entry.content):
            # The message would repeat what stands there, whatever that is.
            yield f"{name}: {'.'.join(map(str, error.absolute_path)) or 'it'} is not as the schema wants it"
        previous = entry.checksum
    if last is not None and last not in {entry.checksum for entry in found}:
        yield ("--last: no entry has this checksum. The last entries were taken away, or it is not of this ledger.")
