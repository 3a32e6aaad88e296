"""What the net by lineage has found to hold is not proved again at the end of the analyst's next run.

On the sample, eight seconds of each such run went into proving the same SQL again. So what held is remembered beside
dbt's artefacts: of each relation one checksum of all that the proof looked at, the SQL that was really run, the whole
project as dbt had parsed it, its settings, and the nets themselves. Whatever is otherwise is proved.

The memory is nobody's signature: who may write there may change the analyst's models as well. So the gateway's run never
asks it, nor does `make prove`.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from dbt.contracts.graph.manifest import Manifest
from dbt.flags import get_flags

from gp_level_data.custody import checksums, proof
from gp_level_data.project import PROJECT
from gp_level_data.shapes import Node

FILE = "proved.json"
NETS = PROJECT / "gp_level_data" / "nets"
# The last settings with which a run was proved: each collection has its own.
KEPT = 20
# Of a node, what compiling it has added, and when and where it was parsed. The SQL counts by itself.
PASSING = {
    "compiled", "compiled_code", "compiled_path", "extra_ctes", "extra_ctes_injected", "build_path", "created_at", "deferred",
    "root_path",
}  # fmt: skip


def surroundings(project: Manifest) -> str:
    """One checksum of all that a proof looks at beside the SQL of a relation: another one, and nothing was proved yet."""
    everything = (*project.nodes.values(), *project.sources.values(), *project.macros.values())
    parts = [lasting(each.to_dict()) for each in everything]
    flags = get_flags()
    given = {name: str(value) for name, value in (getattr(flags, "VARS", None) or {}).items()}
    settings = Path(getattr(flags, "PROJECT_DIR", None) or PROJECT) / "dbt_project.yml"
    nets = sorted(path for path in NETS.rglob("*") if path.suffix in (".csv", ".py", ".sql"))
    files = [checksums.of_file(path) for path in (settings, *nets)]
    text = json.dumps([parts, given, files, proof.versions()], sort_keys=True, default=str)
    return checksums.of_bytes(text.encode())


def lasting(node: Node) -> Node:
    """A node without what is another in each run."""
    return {name: value for name, value in node.items() if name not in PASSING}


def of_relation(around: str, key: str, sql: str) -> str:
    """The checksum by which it is remembered that a relation was proved."""
    return checksums.of_bytes("\0".join((around, key, sql)).encode())


def known(around: str) -> set[str]:
    """What was proved in the same surroundings."""
    return set(kept().get(around, ()))


def remember(around: str, proved: Iterable[str]) -> None:
    """Keep that these hold, beside what is known; the oldest surroundings go."""
    everything = kept()
    everything[around] = sorted({*everything.pop(around, ()), *proved})
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(dict(list(everything.items())[-KEPT:])), encoding="utf-8")
    new.replace(path)


def kept() -> dict[str, list[str]]:
    """Everything that is remembered; nothing where the file is none of these."""
    try:
        read = json.loads(file().read_text(encoding="utf-8"))
        return {str(around): [str(each) for each in proved] for around, proved in read.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def file() -> Path:
    return PROJECT / "target" / "lineage" / FILE
