"""The lineage net: the project is proved, every leak is refused, nothing harmless is."""

import json
import re

import pytest
from conftest import Folders
from lineage_snippets import HARMLESS, LEAKS

from gp_level_data.nets import lineage
from gp_level_data.nets.lineage import compiled

MODEL = "int_patients__permitted"


@pytest.fixture(scope="module")
def manifest(built: Folders) -> dict:
    """Both runs of the session's build, as they were compiled."""
    return compiled.built_manifest(built.project / "target" / "gateway", built.work / "target")


@pytest.fixture(scope="module")
def by_name(manifest: dict) -> dict[str, dict]:
    kinds = ("model", "seed", "snapshot")
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] in kinds}


def upstream(manifest: dict, keys: list[str]) -> dict[str, dict]:
    """The nodes named and all that they are built from: the rest need not be looked at again."""
    found, waiting = {}, [key for key in keys if key in manifest["nodes"]]
    while waiting:
        key = waiting.pop()
        found[key] = manifest["nodes"][key]
        waiting += [up for up in found[key]["depends_on"].get("nodes", []) if up in manifest["nodes"]]
    return found


def findings_of(snippet: str, manifest: dict, by_name: dict[str, dict]) -> list[str]:
    """What the net says of a model that is compiled to the snippet."""
    names = re.findall(r"\{(\w+)\}", snippet)
    sql = snippet.format(**{name: by_name[name]["relation_name"] for name in names})
    reads = [by_name[name]["unique_id"] for name in names]
    reads += [key for key in manifest["sources"] if "landing" in sql]
    model = {**by_name[MODEL], "compiled_code": sql, "depends_on": {"nodes": reads}}
    nodes = {**upstream(manifest, reads), model["unique_id"]: model}
    found = lineage.findings({**manifest, "nodes": nodes})
    assert {finding.where for finding in found} <= {MODEL}
    return [finding.what for finding in found]


def test_the_project_is_proved(manifest: dict) -> None:
    assert [finding for finding in lineage.findings(manifest)] == []


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_refused(name: str, manifest: dict, by_name: dict[str, dict]) -> None:
    kind, snippet = LEAKS[name]
    assert any(what.startswith(kind) for what in findings_of(snippet, manifest, by_name))


@pytest.mark.parametrize("name", HARMLESS)
def test_the_harmless_passes(name: str, manifest: dict, by_name: dict[str, dict]) -> None:
    assert findings_of(HARMLESS[name], manifest, by_name) == []
