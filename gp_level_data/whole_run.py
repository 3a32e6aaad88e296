"""A dbt run by hand changes the store as a whole: what was there is kept until dbt has ended.

dbt replaces one table after another. So a command that writes has the databases kept before it opens
them, and gives them up when it ends by itself, whatever failed in it: its models and tests are the
analyst's affair, and `dbt retry` goes on from there. A run that was killed, or for which the disk had no
room, is undone by whoever takes the store next (publication.py).

`make build` keeps nothing: it builds in a folder of its own.
"""

import errno
import os
import sys
from pathlib import Path

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.flags import get_flags

from gp_level_data import publication

WRITING = {"build", "clone", "retry", "run", "run-operation", "seed", "snapshot"}
# The engine's words where a database, its log or a spill file finds no room.
NO_ROOM = (
    *(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)),
    "max_temp_directory_size",
)

# Stores whose databases are kept, and whether the disk has had room for all that was written.
_kept: dict[Path, bool] = {}


def install() -> None:
    """From now on, a dbt command that ends gives up what was kept for it."""
    DuckDBConnectionManager.cleanup_all = cleanup_all


def begin(store_dir: Path) -> None:
    """Have the databases kept, once a command, if it is one that writes; none of them is open yet."""
    store_dir = store_dir.resolve()
    if store_dir in _kept or getattr(get_flags(), "WHICH", None) not in WRITING:
        return
    if store_dir.is_dir() and not publication.is_building(store_dir):
        publication.keep(store_dir)
        _kept[store_dir] = True


def look_at(error: Exception) -> None:
    """Remember that the disk had no room, so that a run which goes on after that does not stand."""
    if any(words in str(error) for words in NO_ROOM):
        _kept.update(dict.fromkeys(_kept, False))


def cleanup_all(manager: DuckDBConnectionManager) -> None:
    """Close all connections, as dbt does at the end of a command, however it ends."""
    super(DuckDBConnectionManager, manager).cleanup_all()
    end()


def end() -> None:
    """What was kept is given up, unless the run is to be undone."""
    while _kept:
        store_dir, had_room = _kept.popitem()
        if had_room:
            publication.give_up(store_dir)
        else:
            print(
                f"The disk was full: the next command puts the store {store_dir} back as it was.",
                file=sys.stderr,
            )
