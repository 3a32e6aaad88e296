"""When a collection's personal data have to be gone: by seeds/collections.csv, and the ledger."""

import csv
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gp_level_data.custody import store
from gp_level_data.end import ledger
from gp_level_data.project import SEEDS
from gp_level_data.refusal import Refusal
from gp_level_data.shapes import Document

# Kept in the store while a destruction is under way (destroy.py).
ORDER = "destruction.json"


@dataclass(frozen=True)
class Policy:
    """What the policy of a collection says about its end; `days` is None where nothing is destroyed."""

    collection: str
    title: str
    destroyed: str
    days: int | None


def policies() -> dict[str, Policy]:
    """All collections."""
    with (SEEDS / "collections.csv").open(newline="", encoding="utf-8") as file:
        return {
            row["collection"]: Policy(
                row["collection"],
                row["title"],
                row["destroyed"],
                int(row["destroyed_within_days"]) if row["destroyed_within_days"] else None,
            )
            for row in csv.DictReader(file)
        }


def policy_of(collection: str) -> Policy:
    """One collection; a Refusal where there is none of that name."""
    found = policies()
    if collection not in found:
        raise Refusal(f"There is no collection of that name: one of {', '.join(sorted(found))}.")
    return found[collection]


def moment(text: str) -> datetime:
    """A moment as a person or an entry gives it; a Refusal without a time zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Refusal("A moment wants its time zone, like 2017-04-10T09:00:00+01:00.")
    return found


def reported_at(store_dir: Path, collection: str) -> datetime | None:
    """When the collection's results were first handed over since its data were last destroyed."""
    since = None
    for entry in ledger.entries(store_dir, ledger.REPORTED_BACK, ledger.DESTRUCTION):
        if entry.content["collection"] == collection:
            if entry.kind == ledger.DESTRUCTION:
                since = None
            else:
                at = moment(entry.content["reported_at"])
                since = at if since is None else min(since, at)
    return since


def destroy_by(store_dir: Path, collection: str) -> datetime | None:
    """The moment by which the personal data have to be gone; None where nothing was handed over yet."""
    reported, policy = reported_at(store_dir, collection), policy_of(collection)
    if reported is None or policy.days is None:
        return None
    return reported + timedelta(days=policy.days)


def order(store_dir: Path) -> Document | None:
    """The order of a destruction that has begun and is not certified yet."""
    try:
        content: Document = json.loads((store_dir / ORDER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return content


def refuse_stopped(store_dir: Path) -> None:
    """A Refusal while a destruction waits to be finished: keys or files are gone, and nothing may be made of the rest."""
    if begun := order(store_dir):
        raise Refusal(
            f"A destruction in {store_dir} was stopped: call `make destroy COLLECTION={begun['collection']}` again."
        )


def refuse_overdue(store_dir: Path, now: datetime) -> None:
    """A Refusal where a collection's data should have been destroyed by now, or are being destroyed."""
    refuse_stopped(store_dir)
    for collection in policies():
        until = destroy_by(store_dir, collection)
        if until is not None and until < now:
            raise Refusal(
                f"The personal data of {collection} should have been destroyed by {until:%-d %B %Y}:"
                f" `make destroy COLLECTION={collection}` first."
            )


def refuse_another_moment(store_dir: Path, collection: str, collected_at: datetime) -> None:
    """A Refusal where results of another moment were handed over, and what is personal in them is still to be destroyed:
    under the same keys the next collection would keep it, past its day, and be told from it by no certificate.
    """
    if destroy_by(store_dir, collection) is None:
        return
    entries = ledger.entries(store_dir, ledger.REPORTED_BACK)
    held = moment([each for each in entries if each.content["collection"] == collection][-1].content["collected_at"])
    if held != collected_at:
        raise Refusal(
            f"The results of {held.isoformat()} were reported back, and their personal data are still in {store_dir}:"
            f" `make destroy COLLECTION={collection}` before the next collection, or build it in a store, and with keys,"
            " of its own."
        )


def refuse_destroyed(store_dir: Path, collection: str) -> None:
    """A Refusal where the last that the ledger knows is the destruction, and nothing came after it."""
    known = ledger.entries(store_dir, ledger.REPORTED_BACK, ledger.DESTRUCTION)
    ours = [entry for entry in known if entry.content["collection"] == collection]
    is_there = store.database_file(store_dir, store.PATIENT_LEVEL).exists()
    if ours and ours[-1].kind == ledger.DESTRUCTION and not is_there:
        raise Refusal(
            f"What was personal was destroyed on {moment(ours[-1].content['destroyed_at']):%-d %B %Y}:"
            f" {ledger.page_of(ours[-1].path)}."
        )
