"""No model can forget the gate: rules over dbt's graph, for the project and for models that break them.

1. A model that holds `patient_key`, declared or written in its SQL, descends from `int_opt_outs__upheld`.
2. A model that calls `pseudonymise` is a gateway model, and every row it pseudonymises comes straight from
   `exclude_opted_out`: the call stands in a select from one CTE, which is nothing but that macro for the run's
   collection, and which it joins to nothing.
3. A model that is stored has its contract enforced, so that no column gets past rule 1 undeclared.
4. A release descends from the list of who may be in it, and through that from every opt-out that is upheld; or it
   holds no pseudonym, and reads a table for planning and the settings of the run alone. Its model is nothing but the
   macro `release_extract` with its own id.

One model is let off rules 1 and 2: `int_releases__recalled` makes the pseudonyms of those who object, to count
how many of them a release was about. It keeps none: rule 5.

Mend a red rule by putting `exclude_opted_out(..., var('collection'))` before the pseudonym.
"""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import gateway_sql
import pytest
from conftest import copy_project, must_succeed, run_dbt

GATE = "int_opt_outs__upheld"
RECALLED = "int_releases__recalled"
ALLOWED = "int_releases__pseudonyms"
UPHELD = {GATE, "int_ndop__permitted", "int_opt_outs__not_disseminated"}
PSEUDONYMS = {"patient_key", "release_key"}
GATED_CTE = re.compile(r"(\w+) as \(\s*\{\{ exclude_opted_out\(.+?, var\('collection'\)\) \}\}\s*\)")


def models_of(manifest: dict) -> dict[str, dict]:
    return {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "snapshot")
    }


def code_of(node: dict) -> str:
    """A model's source without its comments."""
    return re.sub(r"--.*|\{#.*?#\}", "", node["raw_code"])


def ancestors(manifest: dict, key: str) -> set[str]:
    """The names of everything that a model reads, and what that reads, to the sources."""
    found, waiting = set(), [key]
    while waiting:
        for parent in manifest["parent_map"].get(waiting.pop(), []):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return {parent.split(".")[-1] for parent in found}


def that_miss_the_gate(manifest: dict) -> list[str]:
    """Rule 1."""
    return sorted(
        node["name"]
        for key, node in models_of(manifest).items()
        if ("patient_key" in node["columns"] or "patient_key" in code_of(node))
        and GATE not in ancestors(manifest, key)
        and node["name"] != RECALLED
    )


def that_pseudonymise_without_it(manifest: dict) -> list[str]:
    """Rule 2."""
    return sorted(
        node["name"]
        for node in models_of(manifest).values()
        if "pseudonymise(" in code_of(node)
        and node["name"] != RECALLED
        and not (
            node["path"].startswith("intermediate/gateway/") and all(map(is_gated, calls(code_of(node))))
        )
    )


def calls(code: str) -> list[tuple[set[str], str]]:
    """For each call of `pseudonymise`: the gated CTEs of its model, and the rest of its select."""
    gated = set(GATED_CTE.findall(code))
    return [(gated, re.split(r"\n\s*\)", rest)[0]) for rest in code.split("pseudonymise(")[1:]]


def is_gated(call: tuple[set[str], str]) -> bool:
    gated, rest = call
    read = re.findall(r"\b(?:from|join)\s+(\S+)", rest)
    return len(read) == 1 and read[0] in gated


def that_have_no_contract(manifest: dict) -> list[str]:
    """Rule 3."""
    return sorted(
        node["name"]
        for node in models_of(manifest).values()
        if node["config"]["materialized"] not in ("view", "ephemeral", "snapshot")
        and (node["database"], node["schema"]) != ("memory", "gateway")
        and not node["config"]["contract"]["enforced"]
    )


def that_release_past_the_list(manifest: dict) -> list[str]:
    """Rule 4."""
    found = []
    for key, node in models_of(manifest).items():
        above = ancestors(manifest, key)
        is_extract = node["path"].startswith("marts/releases/extracts/")
        own = node["name"].removeprefix("rel_")
        is_as_written = node["raw_code"].strip() == f"{{{{ release_extract('{own}') }}}}"
        holds_keys = "release_key" in node["columns"] or "release_key" in code_of(node)
        needs_list = holds_keys or (is_extract and not is_published(manifest, key))
        if (is_extract and not is_as_written) or (
            needs_list and not above | {node["name"]} >= {ALLOWED} | UPHELD
        ):
            found.append(node["name"])
    return sorted(found)


def is_published(manifest: dict, key: str) -> bool:
    """Whether a model reads one table for planning, as it is published, and nothing else."""
    read = [models_of(manifest).get(parent, {"path": "", "name": parent}) for parent in manifest["parent_map"][key]]
    tables = [node for node in read if node["path"].startswith("marts/planning/")]
    return len(tables) == 1 and {node["name"] for node in read} == {tables[0]["name"], "int_collection__settings"}


def that_keep_objectors(manifest: dict) -> list[str]:
    """Rule 5."""
    return sorted(
        node["name"]
        for node in models_of(manifest).values()
        if node["name"] == RECALLED
        and (PSEUDONYMS & node["columns"].keys() or "group by" not in code_of(node))
    )


RULES = (
    that_miss_the_gate, that_pseudonymise_without_it, that_have_no_contract, that_release_past_the_list,
    that_keep_objectors,
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_model_keeps_the_rule(rule):
    assert rule(gateway_sql.manifest()) == []


def test_the_rules_have_something_to_look_at():
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


def with_one_changed(name: str, **changes: object) -> dict:
    """The project's manifest with another node in the place of one."""
    manifest = gateway_sql.manifest()
    [(key, node)] = [(k, n) for k, n in models_of(manifest).items() if n["name"] == name]
    parents = manifest["parent_map"] | ({key: changes.pop("parents")} if "parents" in changes else {})
    return manifest | {"nodes": manifest["nodes"] | {key: node | changes}, "parent_map": parents}


# What a model of releases would look like if somebody went round the list.
WRONG_RELEASES = {
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
    "the list past the national list": (
        "int_releases__pseudonyms", {"parents": ["model.gp_level_data_warehouse.int_releases__candidates"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_RELEASES)
def test_a_release_past_the_list_is_named(name):
    model, changes = WRONG_RELEASES[name]
    assert model in that_release_past_the_list(with_one_changed(model, **changes))


@pytest.mark.parametrize(
    "changes", [{"columns": {"patient_key": {}}}, {"raw_code": "select patient_key from objectors"}]
)
def test_objectors_that_are_kept_are_named(changes):
    assert that_keep_objectors(with_one_changed(RECALLED, **changes)) == [RECALLED]


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> dict:
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
def test_a_model_that_breaks_a_rule_is_named(planted, path):
    name = Path(path).name
    assert {rule.__name__ for rule in RULES if name in rule(planted)} == PLANTED[path][1]


# What a model of today would look like if somebody took the gate out of it.
FORGOTTEN = {
    "int_patients__permitted": (
        "{{ exclude_opted_out(ref('int_patients__judged'), var('collection')) }}",
        "select * from {{ ref('int_patients__judged') }}",
    ),
    "int_admissions__emergency": (
        "{{ exclude_opted_out(ref('int_episodes__emergency'), var('collection')) }}",
        "select * from {{ ref('int_episodes__emergency') }}",
    ),
}


@pytest.mark.parametrize("name", FORGOTTEN)
def test_a_model_that_loses_the_gate_is_named(name):
    manifest = gateway_sql.manifest()
    [(key, node)] = [(k, n) for k, n in models_of(manifest).items() if n["name"] == name]
    before, after = FORGOTTEN[name]
    assert node["raw_code"].count(before) == 1
    code = node["raw_code"].replace(before, after)
    assert that_pseudonymise_without_it({"nodes": {key: node | {"raw_code": code}}}) == [name]
