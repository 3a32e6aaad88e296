"""The certificate of destruction as a page, and `python -m gp_level_data certificate verify`."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace as Namespace

from gp_level_data.custody import checksums, keys
from gp_level_data.end import ledger
from gp_level_data.end.ledger import Entry
from gp_level_data.end.policy import moment
from gp_level_data.pages import templates
from gp_level_data.pages.templates import cells
from gp_level_data.shapes import Cells, Document

OUT_OF_REACH = (
    "Backups, snapshots and copies of the store, of its keys or of the raw files, wherever they are:"
    " whoever made them has to destroy them. Without the key, a copy of the patient-level database"
    " cannot be opened.",
    "Memory that was swapped out or dumped while a run held a key, unless the swap is encrypted.",
    "A solid-state disk, or a file system that writes elsewhere than it read: it may keep an"
    " overwritten block until that is reused.",
    "What people have written down, printed or remembered.",
)


def page(content: Document) -> str:
    """The certificate for people."""
    tables, raw = content["tables"], content["raw"]
    return templates.ledger_page(
        "certificate",
        content=content,
        moments=[
            ("Collected", content["collected_at"]),
            ("Results first reported back", content["reported_at"]),
            ("To be destroyed by, at the latest", content["destroy_by"]),
            ("Destruction ordered", content["ordered_at"]),
            ("Destroyed and proved", content["destroyed_at"]),
            ("In time", is_in_time(content)),
        ],
        keys=cells(content["keys"], "name", "fingerprint", "fate"),
        files=cells(content["files"], "name", "byte_count", "checksum"),
        parts=None if tables is None else by_part(tables),
        raw_bytes=sum(file["byte_count"] for file in raw["files"]),
        checks=[check["says"] for check in content["checks"]],
        out_of_reach=OUT_OF_REACH,
    )


def by_part(tables: list[Document]) -> list[Cells]:
    """Tables and their rows by the schema that they lay in, so that the page stays one."""
    rows: dict[str, list[int]] = {}
    for each in tables:
        rows.setdefault(each["table"].partition(".")[0], []).append(each["row_count"])
    return [(part, len(counts), sum(count or 0 for count in counts)) for part, counts in rows.items()]


def is_in_time(content: Document) -> bool:
    """Whether the destruction was ordered before the policy's last moment."""
    until = content["destroy_by"]
    return until is None or moment(content["ordered_at"]) <= moment(until)


def run(chosen: Namespace) -> int:
    """Say that the certificates hold, or name the first thing that does not."""
    store_dir, key_dir = chosen.store_dir.resolve(), chosen.key_dir.resolve()
    certificates = ledger.entries(store_dir, ledger.DESTRUCTION)
    first = next(problems(store_dir, key_dir, certificates, chosen.last), None)
    if first:
        print(first)
        return 1
    if not certificates:
        print(f"There is no certificate of destruction in {store_dir}.")
        return 1
    print(f"Certificates of destruction that hold: {len(certificates)}.")
    return 0


def problems(store_dir: Path, key_dir: Path, certificates: list[Entry], last: str | None = None) -> Iterator[str]:
    """What is wrong with the ledger, with the pages, or with what is certified."""
    yield from ledger.problems(store_dir, last)
    left = {}
    for path in sorted(store_dir.rglob("*")):
        if path.is_file() and path.stat().st_size:
            left[checksums.of_file(path)] = path.name
    for entry in certificates:
        name = entry.path.name
        yield from page_problems(entry, page(entry.content))
        for file in entry.content["files"]:
            if file["checksum"] in left:
                yield f"{name}: {left[file['checksum']]} is what {file['name']} was, and it is destroyed"
        for key in entry.content["keys"]:
            yield from key_problems(name, key, key_dir)


def page_problems(entry: Entry, wanted: str) -> Iterator[str]:
    """Whether the page of an entry is what follows from it."""
    path = ledger.page_of(entry.path)
    if not path.exists() or path.read_bytes() != wanted.encode():
        yield f"{path.name}: the page is not what follows from its entry"


def key_problems(name: str, key: Document, key_dir: Path) -> Iterator[str]:
    """Whether a destroyed key is known to be so, and has not come back."""
    if not key_dir.is_dir():
        return
    fate = keys.Entry(keys.DESTROYED, key["name"], key["fingerprint"])
    if fate not in keys.register(key_dir):
        yield f"{name}: the register of keys does not know that {key['name']} is destroyed"
    path = keys.key_file(key_dir, key["name"])
    if path.exists() and keys.fingerprint(path.read_bytes()) == key["fingerprint"]:
        yield f"{name}: the key {key['name']} has come back"
