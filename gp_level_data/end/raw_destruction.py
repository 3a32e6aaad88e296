"""The raw files that hold people: what lies there, and how it is destroyed.

Reference files (organisations, participation, suppliers) hold nobody and stay.
"""

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from gp_level_data.custody import store
from gp_level_data.raw import landing, ndop_files

BLOCK = 1024 * 1024


def people_files(raw_dir: Path, collection: str) -> Iterator[tuple[str, Path]]:
    """Each file that holds people or may: its name as it may be told, and where it lies."""
    stems = {kind.folder: kind.stem for kind in landing.file_kinds(collection) if holds_people(kind)}
    for folder in (*stems, *ndop_files.FOLDERS.values()):
        # In folders of it as well, which no run reads: what was misplaced holds people all the same.
        for path in sorted((raw_dir / folder).rglob("*")):
            if path.is_symlink() or path.is_file():
                # A name that follows no rule may hold anything.
                is_known = folder in stems and path.parent == raw_dir / folder and follows(path.name, stems[folder])
                yield f"{folder}/{path.name if is_known else '(unexpected name)'}", path


def practices(raw_dir: Path, collection: str) -> set[str]:
    """The practices whose code a file of people has in its name, however it is written."""
    codes = (landing.code_in(path.name) for _, path in people_files(raw_dir, collection))
    return {code for code in codes if code}


def holds_people(kind: landing.FileKind) -> bool:
    return any("NHS" in column for column in kind.columns)


def follows(name: str, stem: str) -> bool:
    match = landing.FORMATS.fullmatch(name)
    return bool(match and re.fullmatch(stem, match["stem"]))


def destroy(path: Path) -> None:
    """Overwrite a file once and delete it; of a link, only the link."""
    if not path.is_symlink():
        with path.open("r+b") as file:
            for _ in range(0, path.stat().st_size, BLOCK):
                file.write(secrets.token_bytes(BLOCK))
            file.flush()
            os.fsync(file.fileno())
    path.unlink()
    store.sync(path.parent)
