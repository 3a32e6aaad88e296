"""How a store goes from one state to the next: as a whole, whoever changes it and whatever stops them.

A build takes the place of the previous one at one moment, the renaming of its folder. What was built is
moved into the store after that moment. Whoever is stopped in between leaves the folder `finished`, and
whoever takes the store next moves the rest before looking at anything. So no run ever sees one database
of a build and the other of the build before.

A dbt run by hand changes the databases where they lie, one table after another. Before it opens them,
they are kept in the folder `previous`, which goes when dbt has ended (whole_run.py). Whoever finds it was
preceded by a run that was killed, and puts it back: what was kept is published like a build.

Both folders get and lose their name at one moment; until and after it, what is in them is `previous.partial`.
"""

import shutil
from pathlib import Path

from gp_level_data.custody import store
from gp_level_data.refusal import Refusal

BUILDING = "building"
FINISHED = "finished"
PREVIOUS = "previous"
PARTIAL = "previous.partial"
SPILL = "spill"
DATABASES = (store.PATIENT_LEVEL, store.ASSURANCE, store.RELEASED, store.MARTS)


def hold(store_dir: Path) -> None:
    """Lock the store until this process ends, and leave nothing in it of a run that was stopped.

    A Refusal where another run has it, or where it cannot be written.
    """
    if store.lock(store_dir):
        settle(store_dir)
        put_back(store_dir)
        for name in (BUILDING, PARTIAL, SPILL):
            shutil.rmtree(store_dir / name, ignore_errors=True)
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
    for name in DATABASES:
        file = store.database_file(finished, name)
        placed = store.database_file(store_dir, name)
        if file.exists():
            # A log left by an interrupted run belongs to the database that is going away.
            for log in store.logs_of(placed):
                log.unlink(missing_ok=True)
            file.replace(placed)
        for log, log_placed in zip(store.logs_of(file), store.logs_of(placed)):
            if log.exists():
                log.replace(log_placed)
    store.sync(store_dir)
    shutil.rmtree(finished)


def is_building(store_dir: Path) -> bool:
    """Whether this is the folder in which a build makes a store, beside the previous results."""
    return store_dir.name == BUILDING and (store_dir.parent / ".lock").exists()


def keep(store_dir: Path) -> None:
    """Keep the databases as they are, until they are given up; a Refusal where there is no room."""
    put_back(store_dir)
    partial = store_dir / PARTIAL
    try:
        partial.mkdir(mode=0o700)
        for name in DATABASES:
            for file in store.files_of(store.database_file(store_dir, name)):
                store.copy(file, partial / file.name)
                store.sync(partial / file.name)
        store.sync(partial)
        partial.rename(store_dir / PREVIOUS)
        store.sync(store_dir)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise Refusal(f"The store {store_dir} cannot be written: {error.strerror}.") from None


def give_up(store_dir: Path) -> None:
    """The run has ended: what was there before it is no longer needed."""
    (store_dir / PREVIOUS).rename(store_dir / PARTIAL)
    store.sync(store_dir)
    shutil.rmtree(store_dir / PARTIAL)


def put_back(store_dir: Path) -> None:
    """Undo a run that did not end; may be called again at any point of it."""
    previous = store_dir / PREVIOUS
    if not previous.is_dir():
        return
    for name in DATABASES:
        if not store.database_file(previous, name).exists():
            for file in store.files_of(store.database_file(store_dir, name)):
                file.unlink()
    previous.rename(store_dir / FINISHED)
    store.sync(store_dir)
    settle(store_dir)
