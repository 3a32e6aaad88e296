"""What a command writes outside the store to be handed out: noted in the store until it is complete.

Whatever stops the command, the next one, or the destruction, finds by the note what was left half-written.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from gp_level_data.end import ledger
from gp_level_data.pages.handed_out import unfinished_of
from gp_level_data.refusal import Refusal

# Names the folder that is being written: it holds exact counts or a release, and lies elsewhere.
NOTED = "handing_over.txt"


@contextlib.contextmanager
def noting(store_dir: Path, to: Path) -> Iterator[None]:
    """Where a folder is written until it is complete is noted in the store while it is; what was left before is gone."""
    clear(store_dir)
    ledger.write(store_dir / NOTED, os.fsencode(unfinished_of(to)))
    try:
        yield
    finally:
        clear(store_dir)


def clear(store_dir: Path) -> None:
    """What a command that was stopped left half-written is gone; a Refusal that names it where it cannot be."""
    noted = store_dir / NOTED
    ledger.unfinished(noted).unlink(missing_ok=True)
    if not noted.exists():
        return
    folder = Path(os.fsdecode(noted.read_bytes()))
    if folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise Refusal(
                f"The folder {folder}, which a stopped command left, holds exact counts or rows about people and cannot be"
                f" deleted ({error.strerror}): delete it, and call the command again."
            ) from None
    noted.unlink()
