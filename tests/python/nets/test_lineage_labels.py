"""The labels of the lineage net: what is exact or about objectors lies nowhere in the clear; the rest needs no proof."""

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest

from conftest import PROJECT, Folders
from gp_level_data.nets import lineage
from gp_level_data.nets.lineage import compiled, control, project
from gp_level_data.nets.lineage.values import Relation, Value
from gp_level_data.shapes import Manifest
from nets.label_snippets import PASSES, REFUSED
from nets.test_lineage_net import filled_in, upstream

# What stands in for a model: where it lies, and which model it takes the rest from.
PLACES = {
    "mart": ("marts", "main", "fct_exclusions"),
    "reference": ("marts", "reference", "int_ods__practices"),
    "counts": ("assurance", "counts", "int_intake__record_counts"),
    "intermediate": ("patient_level", "intermediate", "int_metrics__by_area"),
}
NEW = "model.gp_level_data_warehouse.fct_new"


@pytest.fixture(scope="module")
def manifest(built: Folders) -> Manifest:
    return compiled.built_manifest(built.work / "target" / "gateway", built.work / "target")


@pytest.fixture(scope="module")
def analysed(manifest: Manifest) -> dict[str, project.Analysed]:
    return project.analyse(manifest)


@pytest.fixture(scope="module")
def findings_of(manifest: Manifest, analysed: dict[str, project.Analysed]) -> Callable[[str, str], list[str]]:
    """What the net says of a new model: where it lies, its SQL."""
    return functools.partial(look_at, manifest, analysed)


def look_at(
    manifest: Manifest, analysed: dict[str, project.Analysed], place: str, snippet: str, **changes: object
) -> list[str]:
    by_name = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed", "snapshot")
    }
    sql, reads = filled_in(snippet, by_name)
    database, schema, like = PLACES[place]
    model = {
        **by_name[like], "unique_id": NEW, "name": "fct_new", "alias": "fct_new", "database": database,
        "schema": schema, "compiled_code": sql, "columns": {}, "depends_on": {"nodes": reads}, **changes,
    }  # fmt: skip
    nodes = {**upstream(manifest, reads), NEW: model}
    known = {key: analysed[key] for key in nodes if key in analysed}
    found = lineage.findings({**manifest, "nodes": nodes}, known)
    assert {finding.where for finding in found} <= {"fct_new"}
    return [finding.what for finding in found]


@pytest.mark.parametrize("name", REFUSED)
def test_what_says_too_much_of_people_is_refused(name: str, findings_of: Callable[..., Any]) -> None:
    """Each is refused for what it says, and the message names the macro that makes it publishable."""
    place, label, snippet = REFUSED[name]
    found = [what for what in findings_of(place, snippet) if what.startswith(f"{label}:")]
    assert found and all("shown_counts" in what for what in found)


@pytest.mark.parametrize("name", PASSES)
def test_what_says_nothing_of_people_needs_no_understanding(name: str, findings_of: Callable[..., Any]) -> None:
    assert findings_of(*PASSES[name]) == []


@pytest.mark.parametrize(
    "sql",
    [
        'select practice_code from "patient_level"."intermediate"."int_metrics__by_gp"',
        'select practice_code, histogram(1) from "patient_level"."intermediate"."int_metrics__by_gp" group by all',
        "select hash(1) from query('select 1')",
        "select histogram(n) from query_table('a') as t (n)",
        "select histogram(content) from read_text('/a')",
        "pivot patient_level.intermediate.int_metrics__by_gp on metric_id using sum(numerator_count)",
    ],
)
def test_a_table_that_dbt_does_not_know_of_is_refused(sql: str, findings_of: Callable[..., Any]) -> None:
    assert findings_of("mart", f"{sql} -- beside {{fct_gp_metrics}}")


def test_a_table_of_people_has_to_be_understood(findings_of: Callable[..., Any]) -> None:
    """Its order is proved, or it may be that of the raw files."""
    sql = "select distinct on (patient_key) patient_key from {int_patients__permitted}"
    assert findings_of("intermediate", sql, columns={"patient_key": {}})


@pytest.mark.parametrize("name", sorted(control.labels_taken_off()))
def test_every_relation_that_takes_labels_off_is_needed(
    name: str, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {key: row for key, row in control.labels_taken_off().items() if key != name}
    monkeypatch.setattr(project, "labels_taken_off", lambda: others)
    assert any(finding.what.startswith(("EXACT", "ABOUT")) for finding in lineage.findings(manifest))


@pytest.mark.parametrize("name", sorted(control.labels_taken_off()))
def test_another_text_takes_nothing_off_unseen(name: str, manifest: Manifest) -> None:
    """Flags disclosure control that is changed without a reviewer; comments and layout change nothing."""
    key = f"model.gp_level_data_warehouse.{name}"
    node = manifest["nodes"][key]
    for code, is_noticed in (
        (node["compiled_code"] + "\n-- a remark", False),
        (re.sub(r"\border by\b(?!.*\border by\b)", "where true order by", node["compiled_code"], flags=re.S), True),
    ):
        nodes = {**upstream(manifest, [key]), key: {**node, "compiled_code": code}}
        found = [finding.what for finding in lineage.findings({**manifest, "nodes": nodes})]
        assert any(what.startswith(("CONTROL", "NOT UNDERSTOOD")) for what in found) == is_noticed


def test_a_table_of_another_database_is_another_table(
    manifest: Manifest, analysed: dict[str, project.Analysed]
) -> None:
    """Flags exact counts that are read under the name of something harmless, which lies elsewhere."""
    reads: dict[str, object] = {"depends_on": {"nodes": ["source.gp_level_data_warehouse.ledger.destroyed"]}}
    for database, is_refused in (("marts", False), ("assurance", True), ("", True)):
        place = ".".join(filter(None, (database, "history", "destroyed")))
        for snippet in (f"select entry from {place} order by 1", f"pivot {place} on entry in (1) using count(*)"):
            found = look_at(manifest, analysed, "mart", snippet, **reads)
            assert any(what.startswith("NOT UNDERSTOOD") for what in found) == is_refused


def test_a_column_that_is_handed_on_keeps_what_it_says(manifest: Manifest) -> None:
    """Flags an exact count that goes out behind the code of a GP, through the very cells that may be published."""
    key = "model.gp_level_data_warehouse.int_gp_report__room"
    before, node = "practice_code || ' ' || gp_code as area_code", manifest["nodes"][key]
    assert before in node["compiled_code"]
    after = before.replace(" as ", " || '/' || cast(numerator_count as varchar) as ")
    nodes = {**manifest["nodes"], key: {**node, "compiled_code": node["compiled_code"].replace(before, after)}}
    found = lineage.findings({**manifest, "nodes": nodes})
    assert any(each.where == "fct_gp_metrics" and "gp_code" in each.what for each in found)


def test_reasons_are_given_for_all_that_takes_labels_off() -> None:
    for name, row in control.labels_taken_off().items():
        assert row.takes_off <= {"exact", "about objectors"} and len(row.reason.split()) > 5, name
        assert list(PROJECT.glob(f"models/**/{name}.sql")), name


def labels_of(model: project.Analysed) -> frozenset[str]:
    assert model.relation is not None
    return model.relation.labels


UPHELD = '"memory"."gateway"."int_opt_outs__upheld"'
JUDGED = '"memory"."gateway"."int_patients__judged"'
# What stands in place of the people of the gate, or of the gate, and leaves out more than who objects.
OTHERS = {
    "whose GP has an objector": (
        f"with permitted as (\n\n    select people.*\nfrom {JUDGED}",
        f"with others as (select * from {JUDGED} as p where not exists (select 1 from {JUDGED} as o"
        f" inner join {UPHELD} as u on o.nhs_number = u.nhs_number where o.gp_code = p.gp_code)),"
        " permitted as (\n\n    select people.*\nfrom others",
    ),
    "another column": ("opt_outs.lifted_by is null", "opt_outs.lifted_by is null and people.gp_code = 'G9999998'"),
    "another column of the condition": ("where opt_outs.nhs_number is null", "where opt_outs.reason is null"),
    "objectors themselves": ("where opt_outs.nhs_number is null", "where opt_outs.nhs_number is not null"),
    "beside the gate": (
        "rejected_rule is null",
        f"rejected_rule is null and gp_code <> (select any_value(o.reason) from {UPHELD} as o)",
    ),
}


@pytest.mark.parametrize("what", OTHERS)
def test_only_own_objections_leave_people_out_unsaid(
    manifest: Manifest, analysed: dict[str, project.Analysed], what: str
) -> None:
    """People whom the gate leaves out say nothing of those who are left; whoever else decides, says something."""
    key = "model.gp_level_data_warehouse.int_patients__permitted"
    node = manifest["nodes"][key]
    assert labels_of(analysed[key]) == {"exact"}
    before, after = OTHERS[what]
    assert before in node["compiled_code"]
    changed = {**node, "compiled_code": node["compiled_code"].replace(before, after)}
    found = project.analyse({**manifest, "nodes": {**manifest["nodes"], key: changed}})[key]
    assert labels_of(found) == {"exact", "about objectors"}


@pytest.mark.parametrize("setting", ("updated_at", "check_cols", "unique_key"))
def test_versions_say_what_decides_that_there_are_some(setting: str) -> None:
    """Flags a count that leaves a snapshot as the day, or the number, of its versions."""
    counted = Relation((("practice_code", Value()), ("n", Value(labels=frozenset({"exact"})))))
    for name, labels in (("n", {"exact"}), ("practice_code", set())):
        plain = {"unique_key": "practice_code", "check_cols": ["practice_code"], "updated_at": "practice_code"}
        given = plain | {setting: [name] if setting == "check_cols" else name}
        snapshot = project.with_versions({"config": given}, counted)
        assert snapshot.labels == dict(snapshot.columns)["dbt_valid_from"].labels == labels
    everything = project.with_versions({"config": {"check_cols": "all"}}, counted)
    assert everything.labels == {"exact"}


def test_sources_of_objections_are_declared(manifest: Manifest) -> None:
    about = {
        (source["source_name"], source["name"])
        for source in manifest["sources"].values()
        if (source["config"].get("meta") or {}).get("about") == "objectors"
    }
    assert about == {("gpes", "opt_outs"), ("ndop", "files"), ("ndop", "replies")}
