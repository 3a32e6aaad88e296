"""How a build takes the place of the previous one: at one moment, the renaming of its folder.

What was built is moved into the store after that moment. Whoever is stopped in between leaves the
folder `finished`, and whoever takes the store next moves the rest before looking at anything. So no
run ever sees one database of a build and the other of the build before.
"""

import shutil
from pathlib import Path

from gp_level_data import store

BUILDING = "building"
FINISHED = "finished"
SPILL = "spill"


def hold(store_dir: Path) -> None:
    """Lock the store until this process ends, and leave nothing in it of a run that was stopped.

    A Refusal where another run has it, or where it cannot be written.
    """
    if store.lock(store_dir):
        settle(store_dir)
        shutil.rmtree(store_dir / SPILL, ignore_errors=True)
        store.make_private(store_dir)


def publish(building: Path, store_dir: Path) -> None:
    """Put the new databases in the place of the previous ones."""
    for file in building.iterdir():
        store.sync(file)
    building.rename(store_dir / FINISHED)
    store.sync(store_dir)
    settle(store_dir)


def settle(store_dir: Path) -> None:
    """Move what was published and is not in its place yet; may be called again at any point of it."""
    finished = store_dir / FINISHED
    if not finished.is_dir():
        return
    for name in (store.PATIENT_LEVEL, store.RELEASED, store.MARTS):
        file = store.database_file(finished, name)
        placed = store.database_file(store_dir, name)
        if file.exists():
            # A log left by an interrupted run belongs to the database that is going away.
            log_of(placed).unlink(missing_ok=True)
            file.replace(placed)
        if log_of(file).exists():
            log_of(file).replace(log_of(placed))
    store.sync(store_dir)
    shutil.rmtree(finished)


def log_of(file: Path) -> Path:
    """Where the engine keeps what it has not yet written into a database's file."""
    return file.with_name(file.name + ".wal")
