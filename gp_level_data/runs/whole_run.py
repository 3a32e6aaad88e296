"""A dbt run by hand changes the store as a whole: what was there is kept until dbt has ended.

dbt replaces one table after another. So a command that writes has the databases kept before it opens
them, and gives them up when it ends by itself, whatever failed in it: its models and tests are the
analyst's affair, and `dbt retry` goes on from there. A run that was killed, or for which the disk had no
room, is undone by whoever takes the store next (publication.py). One that may not stand is undone at once: too
little of what it took in could be used, or objections were lost; or a net has caught something in what it built.

`make build` keeps nothing: it builds in a folder of its own.
"""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from dbt.flags import get_flags

from gp_level_data.custody import publication
from gp_level_data.runs.statements import NOT_PROVED

WRITING = {"build", "clone", "retry", "run", "seed", "snapshot"}
# The engine's words where a database, its log or a spill file finds no room.
NO_ROOM = (
    *(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)),
    "max_temp_directory_size",
)

# What the macros of the end of a run say first: check_intake, check_stored_values, check_what_was_built.
MAY_NOT_STAND = "The run stops: "
CAUGHT = "What is stored looks like a patient's number"
UNDONE = (MAY_NOT_STAND, CAUGHT, NOT_PROVED)
# How an error of the disk's begins that came with a statement (quiet_errors.py).
DISK_SAYS_NO = "The store cannot be written: "

# Stores whose databases are kept, and why the run is to be undone, if it is.
_kept: dict[Path, str] = {}


def begin(store_dir: Path) -> None:
    """Have the databases kept, once a command, if it is one that writes; none of them is open yet."""
    store_dir = store_dir.resolve()
    if store_dir in _kept or getattr(get_flags(), "WHICH", None) not in WRITING:
        return
    if store_dir.is_dir() and not publication.is_building(store_dir):
        publication.keep(store_dir)
        _kept[store_dir] = ""


def look_at(error: Exception) -> None:
    """Remember that the disk had no room, or that the run was found wanting: it does not stand."""
    if any(words in str(error) for words in NO_ROOM):
        _kept.update(dict.fromkeys(_kept, "The disk was full"))
    elif any(words in str(error) for words in UNDONE):
        _kept.update({store_dir: why or MAY_NOT_STAND for store_dir, why in _kept.items()})


def end(let_go: Callable[[], None]) -> None:
    """What was kept is given up, unless the run is to be undone; `let_go` closes the run's databases for that."""
    while _kept:
        store_dir, why = _kept.popitem()
        if not why:
            publication.give_up(store_dir)
        elif why == MAY_NOT_STAND:
            let_go()
            publication.put_back(store_dir)
            print(f"The store {store_dir} is as it was before this run.", file=sys.stderr)
        else:
            print(f"{why}: the next command puts the store {store_dir} back as it was.", file=sys.stderr)
