"""Promises that can be read off the graph of models, before anything runs."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pytest

from conftest import PROJECT, Ended, Folders, run_dbt
from gp_level_data.nets import names
from gp_level_data.nets.graph import without_comments
from gp_level_data.nets.spelling import speaks_of_numbers
from gp_level_data.shapes import Manifest, Node, Row

GATE = "int_opt_outs__upheld"
PATIENT_KEY = "patient_key"
# What makes two builds of one input differ, or a model depend on the database it is compiled beside.
FORBIDDEN = re.compile(
    r"""\b(?:now|today|current_(?:date|time|timestamp)|localtime(?:stamp)?|get_current_time(?:stamp)?
    |transaction_timestamp|statement_timestamp|random|uuid|gen_random_uuid|uuidv[47]|nextval|setseed
    |run_started_at|invocation_id|run_query|load_result|get_columns_in_relation|load_relation
    |get_relation|dbt_utils)\b|modules\.|{%-?\s*call\s+statement|\badapter\.|\benv_var\b|\btablesample\b""",
    re.IGNORECASE | re.VERBOSE,
)


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """`dbt parse` where each warning is an error, with every deprecation shown."""
    folder = tmp_path_factory.mktemp("graph")
    folders = Folders(folder / "store", folder / "keys", folder / "work")
    ended = run_dbt(folders, "--warn-error", "parse", "--no-partial-parse", "--show-all-deprecations")
    return ended, folders.work


@pytest.fixture(scope="module")
def manifest(parsed: tuple[Ended, Path]) -> Manifest:
    found: Manifest = json.loads((parsed[1] / "target" / "manifest.json").read_text())
    return found


@pytest.fixture(scope="module")
def models(manifest: Manifest) -> dict[str, Row]:
    """Our own models, by name."""
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


def in_folder(node: Node, *folders: str) -> bool:
    return str(node["original_file_path"]).startswith(tuple(f"models/{folder}/" for folder in folders))


def offenders(nodes: dict[str, Row], offends: Callable[[Row], bool]) -> list[str]:
    """Names of the nodes that break a rule."""
    assert nodes, "no node: the test tests nothing"
    return sorted(name for name, node in nodes.items() if offends(node))


def parents(node: Node) -> set[str]:
    return set(node.get("depends_on", {}).get("nodes", []))


def ancestors(manifest: Manifest, node: Node, doors: Iterable[str] = ()) -> set[str]:
    """Everything a node is built from, by unique id; not what comes through one of the doors alone."""
    found, waiting = set(), parents(node)
    while waiting:
        found |= waiting
        waiting -= set(doors)
        waiting = {up for name in waiting for up in manifest["parent_map"].get(name, [])} - found
    return found


def test_no_warning_and_no_deprecation(parsed: tuple[Ended, Path]) -> None:
    """Flags whatever dbt complains of: a warning nobody reads hides the one that matters."""
    ended, work = parsed
    log = (work / "logs" / "dbt.log").read_text()
    assert ended.code == 0
    assert not re.search(r"\[(WARNING|WARN)\]|\bdeprecat(?!ions\b)|\[warn ", log, re.IGNORECASE)


# The macros that send something to the database: one looks at what a run has stored (test_values_net.py); one at what
# it took in; one tells a data test which columns there are; one writes descriptions beside a table that was made. No
# model calls any of them.
LOOKING = ("check_stored_values", "check_what_was_built", "check_intake", "columns_of", "duckdb__persist_docs")


def test_the_net_by_name_holds(manifest: Manifest) -> None:
    """Flags what gp_level_data/nets/names.py finds; each of its rules is broken in test_names_net.py."""
    assert names.findings(manifest) == []
    assert not list(PROJECT.glob("models/**/*.py"))


def test_no_stored_column_is_named_like_an_nhs_number(
    models: dict[str, Row], warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Flags a column of the databases as built; seeds and snapshots have no contract to be read."""
    contracted = {
        (name, column) for name, node in models.items() if node["database"] != "memory" for column in node["columns"]
    }
    stored = set(warehouse.execute("select table_name, column_name from duckdb_columns()").fetchall())
    assert contracted and contracted <= stored
    assert not sorted(column for column in stored if speaks_of_numbers(" ".join(column)))


def test_staging_reads_one_source_and_nothing_else(models: dict[str, Row]) -> None:
    """Flags a join or a rule in staging: it is one view a raw file kind."""
    assert not offenders(
        {name: node for name, node in models.items() if in_folder(node, "staging")},
        lambda node: len(parents(node)) != 1 or any(not name.startswith("source.") for name in parents(node)),
    )


def test_no_model_reads_the_clock_or_the_database(manifest: Manifest, models: dict[str, Row]) -> None:
    """Flags two builds of one input that differ; macros are looked at as well, generic tests are not."""
    macros = {
        node["name"]: node
        for node in manifest["macros"].values()
        if node["package_name"] == manifest["metadata"]["project_name"]
        and not node["name"].startswith("test_")
        and node["name"] not in LOOKING
    }
    snapshots = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "snapshot"}

    # to choose among the project's own macros for an engine looks at nothing
    def code(node: Node) -> str:
        return without_comments(node.get("raw_code") or node.get("macro_sql") or "").replace("adapter.dispatch(", "")

    assert not offenders(models | macros | snapshots, lambda node: bool(FORBIDDEN.search(code(node))))


def is_form_of_another(name: str, manifest: Manifest) -> bool:
    """Whether a macro is what another one of the project's dispatches to."""
    engine, _, chosen = name.partition("__")
    project = manifest["metadata"]["project_name"]
    return engine in ("default", "spark") and f"macro.{project}.{chosen}" in manifest["macros"]


def test_everything_is_described(manifest: Manifest, models: dict[str, Row]) -> None:
    """Flags a model, seed, snapshot, source or macro that nobody explained."""
    ours = {
        **{
            node["unique_id"]: node
            for node in manifest["nodes"].values()
            if node["resource_type"] in ("model", "seed", "snapshot")
        },
        **manifest["sources"],
        **manifest["exposures"],
        **{
            name: node
            for name, node in manifest["macros"].items()
            if node["package_name"] == manifest["metadata"]["project_name"]
            # an engine's own form is described with the macro that chooses among them
            and not node["name"].startswith("test_")
            and not is_form_of_another(node["name"], manifest)
        },
    }
    assert len(ours) > len(models)
    assert not offenders(ours, lambda node: not node["description"].strip())


def test_every_column_of_a_contract_is_described(models: dict[str, Row]) -> None:
    """Flags a column that a reader of the results has to guess."""
    assert not [
        f"{name}.{column}"
        for name, node in models.items()
        if node["config"]["contract"]["enforced"]
        for column, facts in node["columns"].items()
        if not facts["description"].strip() or not facts["data_type"]
    ]


def test_patient_level_models_pass_the_gate(manifest: Manifest, models: dict[str, Row]) -> None:
    """Flags a patient-level model that is built without the opt-outs.

    Mend it with exclude_opted_out, or build it on a model that did.
    """
    gate = models[GATE]["unique_id"]
    with_patients = {name: node for name, node in models.items() if PATIENT_KEY in node["columns"]}
    assert len(with_patients) >= 3
    assert not offenders(with_patients, lambda node: gate not in ancestors(manifest, node))


def test_whatever_calls_pseudonymise_passes_the_gate_itself(models: dict[str, Row]) -> None:
    """Flags a model that descends from the gate by one parent and takes people from another."""
    callers = {name: node for name, node in models.items() if re.search(r"\bpseudonymise\s*\(", node["raw_code"])}
    # who object are made pseudonyms of only where none is kept (test_gate.py, rule 5)
    del callers["int_releases__recalled"]
    assert not offenders(callers, lambda node: "exclude_opted_out(" not in node["raw_code"])


# Behind each lies disclosure control: whatever comes out of it is rounded or withheld.
SHOWN = ("int_gp_report__cells", "int_conditions__cells", "int_planning__cells")
EXACT_SUBJECTS = ("metrics", "admissions", "disclosure", "gp_report", "conditions", "registers", "planning")
# Thresholds, and what there is to be counted and where: nothing about anybody.
NO_COUNTS = ("int_disclosure__rules", "int_planning__metrics", "int_planning__places")


def test_results_come_from_shown_counts(manifest: Manifest, models: dict[str, Row]) -> None:
    """Flags a result, interval, limit or category that a count has reached past disclosure control.

    Mend it by reading a model of SHOWN, or what is built on one.
    """
    doors = {models[name]["unique_id"] for name in SHOWN}
    exact = {
        node["unique_id"]
        for name, node in models.items()
        if in_folder(node, *(f"intermediate/{subject}" for subject in EXACT_SUBJECTS))
        and name not in (*SHOWN, *NO_COUNTS)
    }
    results = {n: m for n, m in models.items() if in_folder(m, "marts/gp_report", "marts/planning")}
    assert len([n for n, node in results.items() if doors & ancestors(manifest, node)]) >= 7
    assert not offenders(results, lambda node: bool(ancestors(manifest, node, doors) & exact))


# How long the way to a result may be: models in a row from the raw file to it, and models that it is built from.
WAYS = {"fct_gp_metrics": (17, 39), "fct_emergency_admissions": (20, 42)}
OF_OTHER_PUBLICATIONS = re.compile(
    r"int_(journals|registers|planning|assurance|releases|ndop|social_care)__|stg_(ndop|social_care)__"
)


def steps(manifest: Manifest, key: str, known: dict[str, int]) -> int:
    """How many models stand in a row, the last of them this one."""
    if key not in known:
        above = [name for name in manifest["parent_map"][key] if name.startswith("model.")]
        known[key] = 1 + max((steps(manifest, name, known) for name in above), default=0)
    return known[key]


@pytest.mark.parametrize("mart", WAYS)
def test_a_result_is_built_from_its_own_publication_alone(
    manifest: Manifest, models: dict[str, Row], mart: str
) -> None:
    """Flags a result behind which stands what has nothing to do with it, or a way that nobody can follow any more."""
    most_steps, most_models = WAYS[mart]
    built_from = {name for name in ancestors(manifest, models[mart]) if name.startswith("model.")}
    assert not [name for name in built_from if OF_OTHER_PUBLICATIONS.search(name)]
    assert steps(manifest, models[mart]["unique_id"], {}) <= most_steps
    assert len(built_from) <= most_models


DISCLOSURE = re.compile(
    r"int_(disclosure__\w+|(gp_report|conditions|planning|assurance|releases)__(room|decided|cells))"
)


def test_disclosure_control_is_three_models_a_publication(models: dict[str, Row]) -> None:
    """Flags a fourth dialect of one method."""
    found = [name for name in models if DISCLOSURE.fullmatch(name)]
    assert 15 <= len(found) <= 18


def test_the_page_of_the_lineage_is_of_these_models(manifest: Manifest) -> None:
    """Flags a page that was written before the models changed: each build would change the checkout."""
    told = re.findall(r"^### (\w+)$", (PROJECT / "models" / "lineage.md").read_text(), re.MULTILINE)
    stored = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "snapshot") and node["database"] != "memory"
    }
    assert sorted(told) == sorted(stored)
