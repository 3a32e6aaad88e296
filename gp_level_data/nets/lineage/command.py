"""`python -m gp_level_data lineage`: prove the project as its files are, and write the page for
reviewers.
"""

from pathlib import Path
from types import SimpleNamespace as Namespace

from gp_level_data.nets.lineage import findings
from gp_level_data.nets.lineage.compiled import compiled_manifest
from gp_level_data.nets.lineage.project import analyse
from gp_level_data.nets.lineage.table import page
from gp_level_data.project import PROJECT

PAGE = Path("models") / "lineage.md"


def run(chosen: Namespace) -> int:
    """Print what is not proved; where everything is, write the page."""
    manifest = compiled_manifest(PROJECT)
    found = findings(manifest)
    for finding in found:
        print(f"{finding.where}: {finding.what}")
    if found:
        return 1
    analysed = list(analyse(manifest).values())
    (PROJECT / PAGE).write_text(page(analysed), encoding="utf-8")
    stored = [node.relation for node in analysed if node.is_stored]
    columns = sum(len(relation.columns) for relation in stored)
    print(f"Proved: {columns} columns of {len(stored)} stored tables depend on no identifier.")
    print(f"See {PAGE}.")
    return 0
