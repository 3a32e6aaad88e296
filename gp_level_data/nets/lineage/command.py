"""`gpld lineage`: prove the project as its files are, and write what the nets know for reviewers: the page of
the proof, and the rooms of the overview.
"""

from pathlib import Path
from types import SimpleNamespace as Namespace

from gp_level_data.docs_site import write_if_new
from gp_level_data.nets import rooms
from gp_level_data.nets.lineage import findings
from gp_level_data.nets.lineage.compiled import built_manifest, compiled_manifest
from gp_level_data.nets.lineage.control import FILE, write_reviewed
from gp_level_data.nets.lineage.project import analyse
from gp_level_data.nets.lineage.table import page
from gp_level_data.project import PROJECT

PAGE = Path("models") / "lineage.md"


def run(chosen: Namespace) -> int:
    """Print what is not proved; where everything is, write the page and the rooms."""
    manifest = compiled_manifest(PROJECT)
    if chosen.reviewed:
        nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
        for name in write_reviewed(nodes):
            print(f"{name}: its text is entered as reviewed, in {FILE.relative_to(PROJECT)}")
    found = findings(manifest)
    for finding in found:
        print(f"{finding.where}: {finding.what}")
    if found:
        return 1
    analysed = list(analyse(manifest).values())
    write_if_new(PROJECT / PAGE, page(analysed))
    rooms.write_page(PROJECT)
    stored = [node.relation for node in analysed if node.is_stored and node.relation]
    columns = sum(len(relation.columns) for relation in stored)
    print(f"Proved: {columns} columns of {len(stored)} stored tables depend on no identifier.")
    print(f"See {PAGE}.")
    return 0


def write_page(gateway_target: Path, warehouse_target: Path) -> bool:
    """Write the page of a finished build, where it says something else today; whether it was written.

    The targets are those of its two runs. A project that cannot be written to keeps the page it has.
    """
    analysed = list(analyse(built_manifest(gateway_target, warehouse_target)).values())
    try:
        return write_if_new(PROJECT / PAGE, page(analysed))
    except OSError:
        return False
