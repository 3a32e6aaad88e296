"""`make destroy`: the end of what is personal, proved, and the certificate of it.

First what is there is written down, then both keys are destroyed, then the files; then it is proved, and
only what was proved is certified. The order is kept in the store, so that a command that was stopped is
finished by the next one.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Namespace

import duckdb

from gp_level_data import project
from gp_level_data.custody import checksums, exact_counts, keys, publication, published_tables, store
from gp_level_data.end import certificate, half_written, hand_overs, ledger, policy, raw_destruction, remains, shown
from gp_level_data.nets import Finding
from gp_level_data.refusal import Refusal
from gp_level_data.runs.progress import Progress
from gp_level_data.shapes import Document

# Folders of runs, with copies of the databases or parts of them.
OF_RUNS = (
    publication.BUILDING,
    publication.FINISHED,
    publication.PREVIOUS,
    publication.PARTIAL,
    publication.SPILL,
)
PERSONAL = (f"{store.PATIENT_LEVEL}.duckdb", f"{store.RELEASED}.duckdb", *OF_RUNS)
# What outlives the destruction: results, and the exact counts behind them under a key of their own.
OUTLIVING = (store.MARTS, store.ASSURANCE)
# All that a store may hold besides the patient-level database and what goes with it.
KEPT = {
    ".lock",
    policy.ORDER,
    ledger.FOLDER,
    *(f"{name}.duckdb{ending}" for name in OUTLIVING for ending in ("", *store.LOGS)),
}


def run(chosen: Namespace) -> int:
    """Destroy, prove, certify; 1 where it is destroyed and not proved."""
    raw_dir, key_dir = chosen.raw_dir.resolve(), chosen.key_dir.resolve()
    store_dir = chosen.store_dir.resolve()
    if chosen.raw and raw_dir == project.SAMPLE.resolve():
        raise Refusal("The sample's raw files belong to the project: leave out --raw.")
    if not store_dir.is_dir():
        raise Refusal(f"There is no store {store_dir}.")
    for kept in chosen.kept:
        if not kept.exists():
            raise Refusal(f"There is no {kept} to be searched: name what was kept as it is called, or leave it out.")
    policy.policy_of(chosen.collection)
    publication.hold(store_dir)
    half_written.clear(store_dir)
    exact_counts.move_out(store_dir, key_dir)
    ledger.unfinished(store_dir / policy.ORDER).unlink(missing_ok=True)
    order = taken_up(store_dir, chosen.collection) or begun(chosen, raw_dir, key_dir, store_dir)
    if is_certified(order, store_dir):
        return finished(store_dir)
    if not certificate.is_in_time(order):
        print(f"Warning: this should have been done by {policy.moment(order['destroy_by']):%-d %B %Y}.")

    for key in order["keys"]:
        if keys.key_file(key_dir, key["name"]).exists():
            keys.destroy_key(key_dir, key["name"])
        elif not keys.is_destroyed(key_dir, key["name"]):
            # Lost: should a copy turn up, the register refuses it.
            keys.note(key_dir, keys.Entry(keys.DESTROYED, key["name"], key["fingerprint"]))
    for file in order["files"]:
        (store_dir / file["name"]).unlink(missing_ok=True)
    for name in OF_RUNS:
        remove_empty(store_dir / name)
    store.sync(store_dir)

    if "checks" not in order:
        numbers = remains.sampled_numbers(raw_dir, remains.SAMPLED)
        kept = [store_dir, *project.artefacts(), *(folder.resolve() for folder in chosen.kept)]
        opening = (
            [keys.read_key(key_dir, keys.ASSURANCE_KEY)] if keys.key_file(key_dir, keys.ASSURANCE_KEY).exists() else []
        )
        with Progress().stage("what is left, searched for what was personal"):
            checks = proof(order, key_dir, store_dir, kept, numbers, opening)
        failed = [finding for _, _, findings in checks for finding in findings]
        for finding in failed:
            print(f"{finding.where}: {finding.what}")
        if failed:
            print("Destroyed, but not proved: clear what is listed, and call the command again.")
            return 1
        order["checks"] = [{"check": name, "says": says} for name, says, _ in checks]
        order["destroyed_at"] = now()
        write_order(store_dir, order)
    if chosen.raw or order["raw"]["is_destroyed"]:
        order["raw"]["is_destroyed"] = True
        write_order(store_dir, order)
        for _, path in raw_destruction.people_files(raw_dir, chosen.collection):
            raw_destruction.destroy(path)

    page = certificate.page(ledger.draft(store_dir, ledger.DESTRUCTION, order)[1])
    ledger.append(store_dir, ledger.DESTRUCTION, order, page)
    return finished(store_dir)


def finished(store_dir: Path) -> int:
    """Say where the certificate is; the order has been carried out."""
    (store_dir / policy.ORDER).unlink()
    entry = ledger.entries(store_dir, ledger.DESTRUCTION)[-1]
    print(f"{entry.content['collection']}: what was personal is destroyed.")
    print(f"Certificate: {ledger.page_of(entry.path)}")
    print(f"Its checksum, to be kept elsewhere: {entry.checksum}")
    return 0


def is_certified(order: Document, store_dir: Path) -> bool:
    """Whether the command was stopped after its last step but one."""
    certificates = ledger.entries(store_dir, ledger.DESTRUCTION)
    return bool(certificates) and order.items() <= certificates[-1].content.items()


def begun(chosen: Namespace, raw_dir: Path, key_dir: Path, store_dir: Path) -> Document:
    """A new order, with all that is there; a Refusal where nothing may be destroyed yet."""
    handed_over = hand_overs.last(store_dir, chosen.collection)
    try:
        with published_tables.opened(store_dir) as connection:
            published_tables.settings_of(connection, chosen.collection)
    except store.Lost:
        # What was handed over is in the ledger, and no lost result stands in the way of what is to be destroyed.
        if handed_over is None:
            raise
    policy.refuse_destroyed(store_dir, chosen.collection)
    refuse_shared_key(key_dir, chosen.collection)
    reported = policy.reported_at(store_dir, chosen.collection)
    if reported is None or handed_over is None:
        raise Refusal(
            f"The results of {chosen.collection} have not been reported back:"
            f" `make report-back COLLECTION={chosen.collection} TO=...` first."
        )
    became = hand_overs.compared(store_dir, handed_over.content["results"])
    if became == hand_overs.CHANGED:
        raise Refusal("The results have changed since they were reported back: report them again.")
    if became == hand_overs.LOST:
        print("Warning: the results are lost, and cannot be compared with what was reported back.")
    if not raw_dir.is_dir():
        raise Refusal(f"There is no raw folder {raw_dir}: the proof looks for its numbers.")
    refuse_others_files(raw_dir, handed_over.content)
    order = {
        "collection": chosen.collection,
        "title": policy.policy_of(chosen.collection).title,
        "collected_at": handed_over.content["collected_at"],
        "reported_at": reported.isoformat(),
        "destroy_by": text_of(policy.destroy_by(store_dir, chosen.collection)),
        "ordered_by": chosen.ordered_by,
        "ordered_at": now(),
        "handed_over": handed_over.checksum,
        "results": handed_over.content["results"],
        "keys": [
            {
                "name": name,
                "fingerprint": fingerprint_of(key_dir, name),
                "fate": fate_of(key_dir, name),
            }
            for name in (chosen.collection, keys.STORE_KEY)
        ],
        "files": [
            {
                "name": path.relative_to(store_dir).as_posix(),
                "byte_count": path.stat().st_size,
                "checksum": checksums.of_file(path),
            }
            for path in personal_files(store_dir)
        ],
        **listed_tables(store_dir, key_dir, chosen.collection),
        "raw": {
            "is_destroyed": False,
            "files": [
                {"name": name, "byte_count": shown.size(path.lstat().st_size)}
                for name, path in raw_destruction.people_files(raw_dir, chosen.collection)
            ],
        },
    }
    write_order(store_dir, order)
    return order


def refuse_others_files(raw_dir: Path, handed_over: Document) -> None:
    """A Refusal where practices' files lie in the raw folder and none is of a practice that was handed something.

    The proof would look for people who were never here. Where none is left, nothing says that the folder is another's.
    """
    told = {practice["practice_code"] for practice in handed_over["practices"]}
    senders = raw_destruction.practices(raw_dir, handed_over["collection"])
    if told and senders and not told & senders:
        raise Refusal(
            f"No file in {raw_dir} is of a practice that was reported back to:"
            " name the raw folder that the results were built from (RAW_DIR)."
        )


def refuse_shared_key(key_dir: Path, collection: str) -> None:
    """A Refusal where another collection's store would be lost with this one's key."""
    others = sorted(set(keys.names(key_dir)) & set(policy.policies()) - {collection})
    if others:
        raise Refusal(
            f"The key folder {key_dir} is {others[0]}'s as well, whose store opens with the same key:"
            " give each collection a KEY_DIR of its own, with a copy of the store's key, first."
        )


def taken_up(store_dir: Path, collection: str) -> Document | None:
    """The order of a command that was stopped."""
    order = policy.order(store_dir)
    if order and order["collection"] != collection:
        raise Refusal(f"The destruction of {order['collection']} has begun: finish it first.")
    return order


def write_order(store_dir: Path, order: Document) -> None:
    ledger.write(store_dir / policy.ORDER, ledger.as_text(order))


def personal_files(store_dir: Path) -> list[Path]:
    """Everything in the store that is not kept; a Refusal where something there is unknown."""
    others = [path for path in sorted(store_dir.iterdir()) if path.name not in KEPT]
    unknown = [path.name for path in others if not path.name.startswith(PERSONAL)]
    if unknown:
        raise Refusal(
            f"The store {store_dir} holds what is no part of it: look at {', '.join(unknown)}, and move or delete it."
        )
    found = [path for top in others for path in ([top] if not top.is_dir() else sorted(top.rglob("*")))]
    return [path for path in found if path.is_symlink() or not path.is_dir()]


def listed_tables(store_dir: Path, key_dir: Path, collection: str) -> Document:
    """The same as `tables`, and why there are none where it is not for the key."""
    try:
        return {"tables": personal_tables(store_dir, key_dir, collection)}
    except store.Lost:
        is_there = store.database_file(store_dir, store.PATIENT_LEVEL).exists()
        return {"tables": None, "unlisted": "it could not be read" if is_there else "it was not there"}


def personal_tables(store_dir: Path, key_dir: Path, collection: str) -> list[Document] | None:
    """Tables of the patient-level database and their rows as they may be told; None where its key is gone already.

    Lost where the database is gone or damaged.
    """
    try:
        key = keys.read_key(key_dir, keys.STORE_KEY)
    except Refusal:
        return None
    with duckdb.connect() as connection, store.reading(store.database_file(store_dir, store.PATIENT_LEVEL)):
        store.attach_patient_level(connection, store_dir, key)
        names = connection.execute(
            """
            select schema_name || '.' || table_name from duckdb_tables()
            where database_name = ? order by all
            """,
            [store.PATIENT_LEVEL],
        ).fetchall()
        return [
            {
                "table": name,
                "row_count": shown.count(
                    published_tables.row_count(connection, f"{store.PATIENT_LEVEL}.{name}"), collection
                ),
            }
            for (name,) in names
        ]


def fingerprint_of(key_dir: Path, name: str) -> str:
    """The fingerprint of a key that is there, or that the register knows to be destroyed."""
    if keys.key_file(key_dir, name).exists():
        return keys.fingerprint(keys.read_key(key_dir, name))
    known = [entry.fingerprint for entry in keys.register(key_dir) if entry.name == name]
    if not known:
        raise Refusal(f"The register of {key_dir} knows no key {name}: name this store's key folder.")
    return known[-1]


def fate_of(key_dir: Path, name: str) -> str:
    """What becomes of a key: it is destroyed, unless it was lost or destroyed before."""
    if keys.key_file(key_dir, name).exists():
        return "destroyed"
    return "destroyed before" if keys.is_destroyed(key_dir, name) else "lost before"


def proof(
    order: Document, key_dir: Path, store_dir: Path, kept: list[Path], numbers: list[str], opening: list[bytes]
) -> list[tuple[str, str, list[Finding]]]:
    """Each check: its name, what it says where it holds, and what it found where it does not."""
    files = len(remains.files_kept(kept))
    texts = {"the certificate": json.dumps(order).encode()}
    return [
        (
            "keys_gone",
            "Both keys are gone, and their register refuses a copy.",
            keys_left(order, key_dir),
        ),
        (
            "files_gone",
            "No file that is listed here is left in the store, under its own or another name.",
            files_left(order, store_dir),
        ),
        (
            "store_closed",
            "The patient-level database cannot be opened.",
            opened_again(store_dir, key_dir),
        ),
        (
            "numbers_absent",
            f"None of {len(numbers):,} numbers drawn from the raw files is in {files:,} files that are"
            " kept, nor in the tables among them, plain, encoded or digested."
            if numbers
            else "No number was searched for in what is kept, since there was none left in the raw files.",
            remains.numbers_left(kept, numbers, opening) + remains.numbers_in_texts(texts, numbers),
        ),
        (
            "pseudonyms_absent",
            f"Nothing that could be a pseudonym is in these {files:,} files or the tables among them.",
            remains.pseudonyms_left(kept, opening),
        ),
        results_now(order, store_dir),
    ]


def keys_left(order: Document, key_dir: Path) -> list[Finding]:
    names = [key["name"] for key in order["keys"]]
    return [
        Finding(remains.NET, f"{name}.key", "the key is not destroyed")
        for name in names
        if keys.key_file(key_dir, name).exists() or not keys.is_destroyed(key_dir, name)
    ]


def files_left(order: Document, store_dir: Path) -> list[Finding]:
    listed = {file["checksum"] for file in order["files"]}
    names = [file["name"] for file in order["files"] if (store_dir / file["name"]).exists()]
    copies = [
        path.name
        for path in remains.files_kept([store_dir])
        if path.name != ".lock" and checksums.of_file(path) in listed
    ]
    return [Finding(remains.NET, name, "is still there") for name in {*names, *copies}]


def opened_again(store_dir: Path, key_dir: Path) -> list[Finding]:
    try:
        keys.read_key(key_dir, keys.STORE_KEY)
    except Refusal:
        pass
    else:
        return [Finding(remains.NET, store.PATIENT_LEVEL, "its key can be read")]
    path = store.database_file(store_dir, store.PATIENT_LEVEL)
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error:
        return []
    return [Finding(remains.NET, path.name, "opens")]


def results_now(order: Document, store_dir: Path) -> tuple[str, str, list[Finding]]:
    """That they are those that were reported back; or that they were lost, which stops no destruction."""
    became = hand_overs.compared(store_dir, order["results"])
    if became == hand_overs.LOST:
        return "results_lost", "Results lost before: there are none that can be read, and none were compared.", []
    changed = Finding(remains.NET, store.MARTS, "the results are not those reported back")
    return (
        "results_readable",
        "The results can be read, and are those that were reported back.",
        [] if became == hand_overs.SAME else [changed],
    )


def remove_empty(folder: Path) -> None:
    """Folders from which all files are gone."""
    if folder.is_dir() and not folder.is_symlink():
        for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
            path.rmdir()
        folder.rmdir()


def now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def text_of(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
