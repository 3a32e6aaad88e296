"""No model can forget the gate: nets/gate.py on the project, and on models that break each of its rules."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import gateway_sql
from conftest import copy_project, must_succeed, run_dbt
from gp_level_data.nets.gate import (
    RECALLED,
    RULES,
    code_of,
    models_of,
    that_keep_objectors,
    that_pseudonymise_without_it,
    that_release_past_the_list,
)
from gp_level_data.shapes import Manifest, Row


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_model_keeps_the_rule(rule: Callable[[Manifest], list[str]]) -> None:
    assert rule(gateway_sql.manifest()) == []


def test_the_rules_have_something_to_look_at() -> None:
    models = models_of(gateway_sql.manifest()).values()
    assert {node["name"] for node in models if "patient_key" in node["columns"]} >= {
        "int_patients__permitted",
        "int_admissions__emergency",
        "int_admissions__qualifying",
    }
    assert {node["name"] for node in models if "pseudonymise(" in code_of(node)} >= {
        "int_patients__permitted",
        "int_admissions__emergency",
    }


# Models somebody might add, and the rules each breaks.
KEY = "{{ pseudonymise('nhs_number') }} as patient_key"
GATED = "{{ exclude_opted_out(ref('stg_gpes__practice_records'), var('collection')) }}"
PLANTED = {
    # straight from the raw rows
    "intermediate/gateway/int_planted__ungated": (
        f"select {KEY} from {{{{ ref('stg_gpes__practice_records') }}}}",
        {"that_miss_the_gate", "that_pseudonymise_without_it"},
    ),
    # reads the gate, and does not use it
    "intermediate/gateway/int_planted__beside": (
        f"""
        with raw as (select * from {{{{ ref('stg_gpes__practice_records') }}}}),
        gate as (select count(*) as n from {{{{ ref('int_opt_outs__upheld') }}}})
        select {KEY} from raw cross join gate
        """,
        {"that_pseudonymise_without_it"},
    ),
    # uses the gate, and pseudonymises other rows
    "intermediate/gateway/int_planted__past": (
        f"""
        with permitted as (
            {GATED}
        ),
        raw as (select * from {{{{ ref('stg_gpes__practice_records') }}}})
        select {KEY} from raw where practice_code in (select practice_code from permitted)
        """,
        {"that_pseudonymise_without_it"},
    ),
    # uses the gate, and brings the others back
    "intermediate/gateway/int_planted__joined": (
        f"""
        with permitted as (
            {GATED}
        )
        select {KEY} from permitted
        full join {{{{ ref('stg_gpes__opt_outs') }}}} as opt_outs using (nhs_number)
        """,
        {"that_pseudonymise_without_it"},
    ),
    # the policy of another collection
    "intermediate/gateway/int_planted__elsewhere": (
        f"""
        with permitted as (
            {GATED.replace("var('collection')", "'another'")}
        )
        select {KEY} from permitted
        """,
        {"that_pseudonymise_without_it"},
    ),
    # as it should be
    "intermediate/gateway/int_planted__gated": (
        f"""
        with permitted as (
            {GATED}
        )
        select {KEY} from permitted
        """,
        set(),
    ),
    # grandchild of one that forgot
    "marts/gp_report/rpt_planted": (
        "select patient_key from {{ ref('int_planted__ungated') }}",
        {"that_miss_the_gate"},
    ),
    # nothing declared, nothing written out
    "marts/gp_report/rpt_planted_star": (
        "{{ config(contract={'enforced': false}) }} select * from {{ ref('int_planted__gated') }}",
        {"that_have_no_contract"},
    ),
}


EXTRACT = "rel_gpdpr_example_research"
AGGREGATE = "rel_gpdpr_example_planning"
SETTINGS = "model.gp_level_data_warehouse.int_collection__settings"


def with_one_changed(name: str, **changes: object) -> Row:
    """The project's manifest with another node in the place of one."""
    manifest = gateway_sql.manifest()
    [(key, node)] = [(k, n) for k, n in models_of(manifest).items() if n["name"] == name]
    parents = manifest["parent_map"] | ({key: changes.pop("parents")} if "parents" in changes else {})
    return manifest | {"nodes": manifest["nodes"] | {key: node | changes}, "parent_map": parents}


# What a model of releases would look like if somebody went round the list.
WRONG_RELEASES: dict[str, tuple[str, dict[str, Any]]] = {
    "written by hand": (EXTRACT, {"raw_code": "select 1 as one from {{ ref('int_releases__generalised') }}"}),
    "under another's name": (EXTRACT, {"raw_code": "{{ release_extract('gpdpr_example_journals') }}"}),
    "past the list": (EXTRACT, {"parents": ["model.gp_level_data_warehouse.int_journals__people"]}),
    "of two tables": (AGGREGATE, {"parents": [
        SETTINGS, "model.gp_level_data_warehouse.fct_prevalence", "model.gp_level_data_warehouse.fct_coverage",
    ]}),
    "of exact counts": (AGGREGATE, {"parents": [SETTINGS, "model.gp_level_data_warehouse.int_gp_report__room"]}),
    "of a table and exact counts": (AGGREGATE, {"parents": [
        SETTINGS, "model.gp_level_data_warehouse.fct_prevalence", "model.gp_level_data_warehouse.int_planning__areas",
    ]}),
    "of a table, and with pseudonyms": (AGGREGATE, {"columns": {"release_key": {}}}),
    "the list past the national list": ("int_releases__pseudonyms", {"parents": [
        f"model.gp_level_data_warehouse.{name}"
        for name in ("int_journals__patients", "int_opt_outs__upheld", "int_opt_outs__not_disseminated")
    ]}),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_RELEASES)
def test_a_release_past_the_list_is_named(name: str) -> None:
    model, changes = WRONG_RELEASES[name]
    assert model in that_release_past_the_list(with_one_changed(model, **changes))


@pytest.mark.parametrize(
    "changes", [{"columns": {"patient_key": {}}}, {"raw_code": "select patient_key from objectors"}]
)
def test_objectors_that_are_kept_are_named(changes: Row) -> None:
    assert that_keep_objectors(with_one_changed(RECALLED, **changes)) == [RECALLED]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The manifest of a copy of the project with all of these added."""
    folder = tmp_path_factory.mktemp("planted")
    project = copy_project(folder / "project")
    for path, (sql, _) in PLANTED.items():
        file = project / "models" / f"{path}.sql"
        file.write_text(sql)
        columns = "columns: [{name: patient_key, data_type: varchar}]"
        group = "config: {group: gateway}" if "gateway" in path else ""
        if "star" not in path:
            file.with_name(f"_{file.stem}.yml").write_text(
                f"version: 2\nmodels:\n  - name: {file.stem}\n    {columns}\n    {group}\n"
            )
    # With the same folders and settings, only what was added is parsed again.
    template = gateway_sql.template()
    folders = replace(template, work=folder / "work", project=project, environment={})
    shutil.copytree(template.work / "target", folder / "work" / "target")
    must_succeed(run_dbt(folders, "parse", *gateway_sql.AS_TEMPLATE))
    return gateway_sql.read_manifest(folders)


@pytest.mark.parametrize("path", PLANTED)
def test_a_model_that_breaks_a_rule_is_named(planted: Manifest, path: str) -> None:
    name = Path(path).name
    assert {rule.__name__ for rule in RULES if name in rule(planted)} == PLANTED[path][1]


# What a model of today would look like if somebody took the gate out of it.
FORGOTTEN = {
    "int_patients__permitted": (
        "{{ exclude_opted_out(ref('int_patients__judged'), var('collection')) }}",
        "select * from {{ ref('int_patients__judged') }}",
    ),
    "int_admissions__emergency": (
        "{{ exclude_opted_out('in_scope', var('collection')) }}",
        "select * from in_scope",
    ),
}


@pytest.mark.parametrize("name", FORGOTTEN)
def test_a_model_that_loses_the_gate_is_named(name: str) -> None:
    manifest = gateway_sql.manifest()
    [(key, node)] = [(k, n) for k, n in models_of(manifest).items() if n["name"] == name]
    before, after = FORGOTTEN[name]
    assert node["raw_code"].count(before) == 1
    code = node["raw_code"].replace(before, after)
    assert that_pseudonymise_without_it({"nodes": {key: node | {"raw_code": code}}}) == [name]
