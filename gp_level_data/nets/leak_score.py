"""The leak score: how many leaks made on purpose the nets caught, and which nets those were.

`make leak-score` takes too long to be a part of evidence. So its results lie in the
repository, one a change with the checksum of that change's own file, and the checksum of the nets and of the bench
for all of them. Whoever reads them later sees whether they were measured on the nets as they are; a leak that is new,
or another than it was, is tried alone and joins the others.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gp_level_data.custody import checksums
from gp_level_data.project import PROJECT
from gp_level_data.refusal import Refusal

# Each change is a file below this folder: <family>/<name>.toml.
CHANGES = Path("tests", "python", "nets", "leaks")
FILE = CHANGES / "leak_score.json"
# The nets, and the bench on which leaks are tried.
DEPENDS_ON = (
    "gp_level_data/nets",
    "macros/privacy",
    "seeds/digits_allowed.csv",
    "tests/python/nets/leak_score.py",
    "tests/bench/direct_build.py",
    "tests/bench/small_world.py",
    "tests/python/opt_outs/opt_out_oracle.py",
    "tests/bench/raw_folder.py",
)
SUFFIXES = (".py", ".sql", ".csv")
# Kinds of changes that are no leak: nothing should be said of the first, and the second does not run.
HARMLESS, BROKEN = "harmless", "broken"


def read(project: Path = PROJECT) -> dict[str, Any] | None:
    """The score, and whether it is that of the nets as they are now; None where nothing was tried."""
    kept = stored(project)
    if kept is None:
        return None
    changes = checksums_of_changes(project)
    tried = list(of_these_changes(kept, changes).values())
    leaks = [result for result in tried if result["kind"] not in (HARMLESS, BROKEN)]
    harmless = [result for result in tried if result["kind"] == HARMLESS]
    return {
        "is_current": kept["measured_on"] == measured_on(project),
        "change_count": len(changes),
        "tried_count": len(tried),
        "leak_count": len(leaks),
        "caught_count": sum(bool(result["caught"]) for result in leaks),
        "harmless_count": len(harmless),
        "false_alarm_count": sum(bool(result["caught"]) for result in harmless),
        "caught_by": dict(sorted(Counter(net for result in leaks for net in result["caught"]).items())),
    }


def is_whole(score: dict[str, Any]) -> bool:
    """Whether every leak and every harmless change was tried."""
    return bool(score["tried_count"] == score["change_count"])


def known(project: Path = PROJECT) -> set[str]:
    """The changes whose results are those of the nets, and of the changes, as they are now."""
    kept = stored(project)
    if kept is None or kept["measured_on"] != measured_on(project):
        return set()
    return set(of_these_changes(kept, checksums_of_changes(project)))


def of_these_changes(kept: dict[str, Any], changes: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Results of changes that are still what they were."""
    return {name: result for name, result in kept["results"].items() if result["change"] == changes.get(name)}


def keep(found: dict[str, dict[str, Any] | None], project: Path = PROJECT) -> None:
    """Keep what was found beside what was found before by the same nets.

    found    for each change its kind and the nets that caught it; None where it could not be tried
    """
    try:
        before = stored(project)
    except Refusal:
        before = None
    results = before["results"] if before and before["measured_on"] == measured_on(project) else {}
    changes = checksums_of_changes(project)
    results |= {name: result and {"change": changes[name]} | result for name, result in found.items()}
    lines = [
        f"    {json.dumps(name)}: {json.dumps(result)}"
        for name, result in sorted(results.items())
        if name in changes and result
    ]
    text = f'{{\n  "measured_on": "{measured_on(project)}",\n  "results": {{\n' + ",\n".join(lines) + "\n  }\n}\n"
    (project / FILE).write_text(text, encoding="utf-8")


def stored(project: Path) -> dict[str, Any] | None:
    """What lies in the repository: the checksum of the nets, and a result a change."""
    path = project / FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        measured, results = content["measured_on"], content["results"]
        return {"measured_on": measured, "results": {name: dict(result) for name, result in results.items()}}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refusal(f"{FILE} cannot be read: `make leak-score` writes it anew.") from None


def checksums_of_changes(project: Path) -> dict[str, str]:
    """The file of each change."""
    return {
        f"{path.parent.name}/{path.stem}": checksums.of_file(path)
        for path in sorted((project / CHANGES).rglob("*.toml"))
    }


def measured_on(project: Path = PROJECT) -> str:
    """One checksum of all files that every result depends on, and of their names."""
    lines = [f"{checksums.of_file(project / name)}  {name}\n" for name in files(project)]
    return checksums.of_bytes("".join(lines).encode())


def files(project: Path) -> Iterator[str]:
    """The files that every result depends on, in order."""
    for name in DEPENDS_ON:
        path = project / name
        below = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in below:
            if file.is_file() and file.suffix in SUFFIXES:
                yield file.relative_to(project).as_posix()
