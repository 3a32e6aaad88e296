"""`make status`: how long a store may still keep each collection's personal data. 1 where something is to be done now."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Namespace

from gp_level_data.custody import published_tables, store
from gp_level_data.end import ledger, policy
from gp_level_data.end.policy import Policy
from gp_level_data.refusal import Refusal

OVERDUE, STOPPED = "OVERDUE", "STOPPED"


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
    for name, says in lines.items():
        print(f"{name:<{width}}  {says}")
    return int(any(says.startswith((OVERDUE, STOPPED)) for says in lines.values()))


def state(store_dir: Path, of: Policy, at: datetime) -> str:
    """Where a collection stands, in words."""
    begun = policy.order(store_dir)
    if begun and begun["collection"] == of.collection:
        return f"{STOPPED}: its destruction is not finished: call `make destroy COLLECTION={of.collection}` again"
    if (until := policy.destroy_by(store_dir, of.collection)) is not None:
        days = (until - at).days
        if until < at:
            return f"{OVERDUE}: to be destroyed by {until:%-d %B %Y}"
        return f"{days} days left: reported back, to be destroyed by {until:%-d %B %Y}"
    if holds(store_dir, of.collection):
        kept = "" if of.days else "; by its policy its data are retained"
        return f"not reported back yet{kept}"
    destroyed = [
        entry for entry in ledger.entries(store_dir, ledger.DESTRUCTION) if entry.content["collection"] == of.collection
    ]
    if destroyed:
        return f"destroyed on {policy.moment(destroyed[-1].content['destroyed_at']):%-d %B %Y}"
    return "not in this store"


def holds(store_dir: Path, collection: str) -> bool:
    """Whether the store has personal data of a collection."""
    if not store.database_file(store_dir, store.PATIENT_LEVEL).exists():
        return False
    try:
        with published_tables.opened(store_dir) as connection:
            return bool(published_tables.settings(connection)["collection"] == collection)
    except Refusal:
        return False
