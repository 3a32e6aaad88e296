"""The leak score: how many leaks made on purpose the nets caught, and which nets those were.

`make leak-score` takes the better part of an hour, too long to be part of evidence. So its result
lies in the repository, with one checksum of everything it depends on: whoever reads it later sees
whether it was measured on the nets as they are.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gp_level_data.custody import checksums
from gp_level_data.project import PROJECT
from gp_level_data.refusal import Refusal

FILE = Path("tests", "python", "leaks", "leak_score.json")
# The nets, the leaks, and the bench on which they are tried.
DEPENDS_ON = (
    "gp_level_data/nets",
    "macros/privacy",
    "seeds/digits_allowed.csv",
    "tests/python/leaks",
    "tests/python/leak_score.py",
    "tests/python/direct_build.py",
    "tests/python/small_world.py",
    "tests/python/opt_out_oracle.py",
    "tests/python/raw_folder.py",
)
SUFFIXES = (".py", ".sql", ".csv", ".toml")


def read(project: Path = PROJECT) -> dict[str, Any] | None:
    """The result, and whether it is that of the nets as they are now; None where there is none."""
    path = project / FILE
    if not path.exists():
        return None
    try:
        score = json.loads(path.read_text(encoding="utf-8"))
        return {**score, "is_current": score["measured_on"] == measured_on(project)}
    except (ValueError, KeyError, TypeError):
        raise Refusal(f"{FILE} cannot be read: `make leak-score` writes it anew.") from None


def write(score: dict[str, Any], project: Path = PROJECT) -> bool:
    """Keep a result; says whether it did. A part does not replace the whole of the same nets."""
    try:
        before = read(project)
    except Refusal:
        before = None
    is_part = score["tried_count"] < score["change_count"]
    if is_part and before and before["is_current"] and is_whole(before):
        return False
    text = json.dumps({"measured_on": measured_on(project)} | score, indent=2) + "\n"
    (project / FILE).write_text(text, encoding="utf-8")
    return True


def is_whole(score: dict[str, Any]) -> bool:
    """Whether every leak and every harmless change was tried."""
    return bool(score["tried_count"] == score["change_count"])


def measured_on(project: Path = PROJECT) -> str:
    """One checksum of all files that the result depends on, and of their names."""
    lines = [f"{checksums.of_file(project / name)}  {name}\n" for name in files(project)]
    return checksums.of_bytes("".join(lines).encode())


def files(project: Path) -> Iterator[str]:
    """The files that the result depends on, in order."""
    for name in DEPENDS_ON:
        path = project / name
        below = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in below:
            if file.is_file() and file.suffix in SUFFIXES:
                yield file.relative_to(project).as_posix()
