"""`make status`: how long a store may still keep each collection's personal data. 1 where something is to be done now."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Namespace

from gp_level_data.custody import published_tables, store
from gp_level_data.end import hand_overs, ledger, policy
from gp_level_data.end.ledger import Entry
from gp_level_data.end.policy import Policy
from gp_level_data.refusal import Refusal

OVERDUE, STOPPED, UNKNOWN = "OVERDUE", "STOPPED", "UNKNOWN"
# What became of results after they were reported back, and what is to be done.
SINCE = {
    hand_overs.SAME: "",
    hand_overs.CHANGED: "; built again since: report again, and withdraw the earlier folders",
    hand_overs.LOST: "; its results are lost since: `make destroy`, or build and report again",
}


def run(chosen: Namespace) -> int:
    """The store, and a line a collection."""
    at = policy.moment(chosen.at) if chosen.at else datetime.now(UTC)
    store_dir = chosen.store_dir.resolve()
    if not store_dir.is_dir():
        # Of a folder that is not there, nothing would ever be overdue.
        raise Refusal(f"There is no store {store_dir}: say which with STORE_DIR=...")
    lines = {name: state(store_dir, each, at) for name, each in policy.policies().items()}
    print(f"Store {store_dir}")
    width = max(map(len, lines))
    for name, (_, says) in lines.items():
        print(f"{name:<{width}}  {says}")
    return int(any(is_due for is_due, _ in lines.values()))


def state(store_dir: Path, of: Policy, at: datetime) -> tuple[bool, str]:
    """Where a collection stands: whether something is to be done now, and in words."""
    begun = policy.order(store_dir)
    if begun and begun["collection"] == of.collection:
        return True, f"{STOPPED}: its destruction is not finished: call `make destroy COLLECTION={of.collection}` again"
    kept = "" if of.days else "; by its policy its data are retained"
    if handed_over := hand_overs.last(store_dir, of.collection):
        since = since_then(store_dir, handed_over)
        until = policy.destroy_by(store_dir, of.collection)
        if until is None:
            return bool(since), f"reported back{kept}{since}"
        if until < at:
            return True, f"{OVERDUE}: to be destroyed by {until:%-d %B %Y}{since}"
        left = f"{(until - at).days} days left: reported back, to be destroyed by {until:%-d %B %Y}"
        return bool(since), f"{left}{since}"
    try:
        if holds(store_dir, of.collection):
            return False, f"not reported back yet{kept}"
    except Refusal as refusal:
        return True, f"{UNKNOWN}: there is a patient-level database, and whose it is cannot be told. {refusal}"
    destroyed = [
        entry for entry in ledger.entries(store_dir, ledger.DESTRUCTION) if entry.content["collection"] == of.collection
    ]
    if destroyed:
        return False, f"destroyed on {policy.moment(destroyed[-1].content['destroyed_at']):%-d %B %Y}"
    return False, "not in this store"


def since_then(store_dir: Path, handed_over: Entry) -> str:
    """What became of results that were reported back, where it is not as it should be."""
    try:
        return SINCE[hand_overs.compared(store_dir, handed_over.content["results"])]
    except Refusal as refusal:
        return f"; whether they still stand cannot be told. {refusal}"


def holds(store_dir: Path, collection: str) -> bool:
    """Whether the store has personal data of a collection; a Refusal where there are some and it cannot be told."""
    if not store.database_file(store_dir, store.PATIENT_LEVEL).exists():
        return False
    if any(hand_overs.last(store_dir, other) for other in policy.policies()):
        # A store is one collection's.
        return False
    with (
        published_tables.opened(store_dir) as connection,
        store.reading(store.database_file(store_dir, store.MARTS)),
    ):
        return bool(published_tables.settings(connection)["collection"] == collection)
