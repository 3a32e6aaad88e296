"""What the documentation site says can be followed: links, names, proofs, rooms."""

import copy
import json
import re
from collections.abc import Iterator

import pytest

from conftest import PROJECT, Folders
from gp_level_data.docs_site import LINK, address, under_heading
from gp_level_data.nets import names, rooms
from gp_level_data.nets.lineage import compiled, project
from gp_level_data.shapes import Manifest

OVERVIEW = PROJECT / "models" / "overview.md"
KINDS = {
    "model": "nodes",
    "seed": "nodes",
    "snapshot": "nodes",
    "source": "sources",
    "exposure": "exposures",
    "macro": "macros",
}
# As the site makes the anchor of a heading.
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
MODEL = re.compile(r"\b(?:stg|int|dim|fct|rpt|rel|snp)_[a-z0-9_]+")
TEST_FILE = re.compile(r"\btest_\w+\.py\b")


@pytest.fixture(scope="module")
def manifest(built: Folders) -> Manifest:
    """Both runs of the session's build, as they were compiled."""
    return compiled.built_manifest(built.work / "target" / "gateway", built.work / "target")


@pytest.fixture(scope="module")
def overview() -> str:
    return OVERVIEW.read_text(encoding="utf-8")


def test_the_site_shows_sql_and_columns_of_both_runs(built: Folders) -> None:
    """Flags a model of which the site shows a template and nothing else."""
    shown = {
        name: json.loads((built.work / "target" / f"{name}.json").read_text())["nodes"]
        for name in ("manifest", "catalog")
    }
    models = {key: node for key, node in shown["manifest"].items() if node["resource_type"] == "model"}
    assert [key for key, node in models.items() if not node.get("compiled_code")] == []
    stored = {node["name"] for key, node in models.items() if key in shown["catalog"]}
    assert {"int_patients__permitted", "int_metrics__by_gp", "fct_gp_metrics"} <= stored


# ---- links -------------------------------------------------------------------------------------------


def pages(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Every text that the site shows, with where it stands."""
    for section in (*dict.fromkeys(KINDS.values()), "docs"):
        for key, node in manifest[section].items():
            if node.get("package_name") == manifest["metadata"]["project_name"]:
                yield key, node.get("block_contents") or node.get("description") or ""
                for column in (node.get("columns") or {}).values():
                    yield f"{key}.{column['name']}", column["description"]


def dead_links(manifest: Manifest) -> list[str]:
    """Where a link leads to nothing, or past every heading."""
    found = []
    for where, text in pages(manifest):
        for kind, key, anchor in LINK.findall(text):
            node = manifest[KINDS[kind]].get(key) if kind in KINDS else None
            if node is None or (anchor and anchor not in anchors(node["description"])):
                found.append(f"{where}: {key}#{anchor}")
    return found


def anchors(text: str) -> set[str]:
    """Anchors of the headings of a text."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in plain}


def test_every_link_leads_somewhere(manifest: Manifest) -> None:
    """Flags a link to a node or heading that is no more."""
    assert sum(len(LINK.findall(text)) for _, text in pages(manifest)) > 50
    assert dead_links(manifest) == []


@pytest.mark.parametrize(
    "to", [address("fct_gp_metric"), address("releases", "exposure", "no-such-heading"), "#!/page/page.x"]
)
def test_a_dead_link_is_noticed(manifest: Manifest, to: str) -> None:
    key = "model.gp_level_data_warehouse.fct_gp_metrics"
    broken = copy.copy(manifest)
    broken["nodes"] = {**manifest["nodes"], key: {**manifest["nodes"][key], "description": f"As [told]({to})."}}
    assert len(dead_links(broken)) == len(dead_links(manifest)) + 1


def test_every_exposure_has_an_address(manifest: Manifest) -> None:
    """Flags a use of the results that nobody can open: in the site, on this machine, or a source of the handbook."""
    listed = (PROJECT / "models" / "handbook.md").read_text(encoding="utf-8").partition("\n## 12.")[2]
    for key, node in manifest["exposures"].items():
        if node["url"].startswith("#!/overview"):
            continue
        if node["url"].startswith("#!/"):
            [(kind, to, anchor)] = LINK.findall(f"]({node['url']})")
            assert not anchor or anchor in anchors(manifest[KINDS[kind]][to]["description"]), key
        else:
            assert node["url"] in listed or node["url"].startswith("http://localhost:"), key


# ---- the overview ------------------------------------------------------------------------------------


def test_every_model_that_the_overview_names_is_a_link(manifest: Manifest, overview: str) -> None:
    """Flags a name that a reader has to search for; one with dots behind it stands for many."""
    there = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] != "test"}
    unlinked = re.sub(r"\[[^\]]*\]\([^)]*\)", "", overview)
    assert len(LINK.findall(overview)) > 30
    assert sorted(name for name in MODEL.findall(unlinked) if name in there) == []


def test_the_path_of_a_metric_is_a_path(manifest: Manifest, overview: str) -> None:
    """Flags a box that the next one is not built from."""
    [row] = [line for line in overview.splitlines() if line.startswith("| [practice file]")]
    boxes = [key for _, key, _ in LINK.findall(row)]
    assert len(boxes) == 6
    for box, following in zip(boxes, boxes[1:], strict=False):
        assert box in ancestors(manifest, following), f"{following} is not built from {box}"


def ancestors(manifest: Manifest, key: str) -> set[str]:
    found: set[str] = set()
    waiting = {key}
    while waiting:
        waiting = {up for each in waiting for up in project.parents(manifest["nodes"].get(each, {}))} - found
        found |= waiting
    return found


def test_every_proof_is_there(manifest: Manifest, overview: str) -> None:
    """Flags a row of the promises whose test or macro is called otherwise today."""
    proofs = overview.partition("## What is promised")[2].partition("\n## ")[0]
    files = {path.name for path in (PROJECT / "tests").rglob("test_*.py")}
    named = set(TEST_FILE.findall(proofs))
    assert len(named) > 20 and named <= files
    generic = {path.stem for path in (PROJECT / "tests" / "generic").glob("*.sql")}
    assert {"is_pseudonym", "nobody_who_objected", "no_small_number"} <= generic & set(re.findall(r"`(\w+)`", proofs))


# ---- which room is mine ------------------------------------------------------------------------------


def test_the_rooms_are_those_that_the_net_enforces(overview: str) -> None:
    """Flags a page that says something else than the net: `gpld lineage` writes it."""
    assert under_heading(overview, rooms.NAME, rooms.block()) == overview


def test_another_zone_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags rooms that are written down instead of asked of the net, and a zone for which there are no words."""
    before = rooms.block()
    opened = [zone if zone.group == "gateway" else names.Zone(*vars(zone).values()) for zone in names.ZONES]
    private = names.Zone("models/marts/", {"table"}, {("marts", "main")}, "warehouse", "private")
    monkeypatch.setattr(rooms, "ZONES", (*opened[:-1], private))
    with pytest.raises(KeyError):
        rooms.block()
    monkeypatch.setattr(rooms, "ZONES", tuple(opened[:-1]))
    assert rooms.block() != before


def test_what_stops_something_new_is_there() -> None:
    """Flags a check that the page names and nobody asks."""
    rules = {rule.__name__ for rule in names.RULES}
    for new in rooms.NEW:
        assert new.stopped_by
        for check in new.stopped_by:
            assert check in rules or (PROJECT / check).exists(), check
        for path in re.findall(r"`((?:seeds|gp_level_data|models)/[\w./]+)`", new.goes):
            assert (PROJECT / path).exists(), path
        for seed in re.findall(r"`(\w+\.csv)`", new.goes):
            assert (PROJECT / "seeds" / seed).exists(), seed


def test_a_page_without_the_heading_is_refused() -> None:
    with pytest.raises(ValueError, match="no heading"):
        under_heading("# A page", rooms.NAME, "")
