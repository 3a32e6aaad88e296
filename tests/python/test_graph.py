"""Promises that can be read off the graph of models, before anything runs."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, Ended, Folders, run_dbt

GATE = "int_opt_outs__upheld"
PATIENT_KEY = "patient_key"
STORED = ("table", "incremental")
NHS_NUMBER = re.compile(r"nhs_?(n|id|pat)|newnhs|nhsno|hesid", re.IGNORECASE)
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
    ended = run_dbt(
        folders, "--warn-error", "parse", "--no-partial-parse", "--show-all-deprecations"
    )
    return ended, folders.work


@pytest.fixture(scope="module")
def manifest(parsed: tuple[Ended, Path]) -> dict:
    return json.loads((parsed[1] / "target" / "manifest.json").read_text())


@pytest.fixture(scope="module")
def models(manifest: dict) -> dict[str, dict]:
    """Our own models, by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }


def in_folder(node: dict, *folders: str) -> bool:
    return node["original_file_path"].startswith(tuple(f"models/{folder}/" for folder in folders))


def is_gateway(node: dict) -> bool:
    return in_folder(node, "intermediate/gateway")


def offenders(nodes: dict[str, dict], offends: Callable[[dict], bool]) -> list[str]:
    """Names of the nodes that break a rule."""
    assert nodes, "no node: the test tests nothing"
    return sorted(name for name, node in nodes.items() if offends(node))


def parents(node: dict) -> set[str]:
    return set(node.get("depends_on", {}).get("nodes", []))


def ancestors(manifest: dict, node: dict) -> set[str]:
    """Everything a node is built from, by unique id."""
    found, waiting = set(), parents(node)
    while waiting:
        found |= waiting
        waiting = {up for name in waiting for up in manifest["parent_map"].get(name, [])} - found
    return found


def without_comments(code: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/|\{#.*?#\}", "", code, flags=re.DOTALL)


def test_no_warning_and_no_deprecation(parsed: tuple[Ended, Path]) -> None:
    """Flags whatever dbt complains of: a warning nobody reads hides the one that matters."""
    ended, work = parsed
    log = (work / "logs" / "dbt.log").read_text()
    assert ended.code == 0
    assert not re.search(r"\[(WARNING|WARN)\]|\bdeprecat(?!ions\b)|\[warn ", log, re.IGNORECASE)


# The warehouse's memory of its own previous run: counts of cells that were shown. A source because the
# run that reads it also replaces it, and the hook and the macro make an empty one before the first.
MEMORY = "disclosure_history"
# Looks at what a run has stored, and so at the database; no model calls it (test_values_net.py).
VALUE_NET = "check_stored_values"


def test_only_staging_reads_sources(models: dict[str, dict]) -> None:
    """Flags a raw file that is read without the one place that types and trims it."""
    assert not offenders(
        models,
        lambda node: not in_folder(node, "staging")
        and any(
            name.startswith("source.") and name.split(".")[2] != MEMORY for name in parents(node)
        ),
    )


def test_staging_reads_one_source_and_nothing_else(models: dict[str, dict]) -> None:
    """Flags a join or a rule in staging: it is one view a raw file kind."""
    assert not offenders(
        {name: node for name, node in models.items() if in_folder(node, "staging")},
        lambda node: len(parents(node)) != 1
        or any(not name.startswith("source.") for name in parents(node)),
    )


def test_only_the_gateway_reads_staging(manifest: dict, models: dict[str, dict]) -> None:
    """Flags identifiable rows that take another way into the house; tests and snapshots count too."""
    staging = {node["unique_id"] for node in models.values() if in_folder(node, "staging")}
    assert staging
    readers = {
        name: node
        for name, node in manifest["nodes"].items()
        if parents(node) & staging
    }
    assert not offenders(readers, lambda node: not is_gateway(node))


def test_views_with_identifiable_rows_are_not_stored(models: dict[str, dict]) -> None:
    """Flags staging, or a view of the gateway, outside the memory of the gateway run."""
    assert not offenders(
        models,
        lambda node: (in_folder(node, "staging") or node["config"]["materialized"] not in STORED)
        and node["database"] != "memory",
    )
    assert not offenders(
        models,
        lambda node: in_folder(node, "staging") and node["config"]["materialized"] != "view",
    )


def test_every_stored_table_has_an_enforced_contract(models: dict[str, dict]) -> None:
    """Flags a table whose columns nobody agreed to: the contract is the allow-list of columns."""
    assert not offenders(
        models,
        lambda node: node["database"] != "memory"
        and not (node["config"]["contract"]["enforced"] and node["columns"]),
    )
    assert not offenders(
        models,
        lambda node: node["config"]["materialized"] in STORED and node["database"] == "memory",
    )


def test_staging_is_private_to_the_gateway(models: dict[str, dict]) -> None:
    """Flags staging that dbt would let another group refer to."""
    assert not offenders(
        models,
        lambda node: in_folder(node, "staging")
        and (node["group"], node["access"]) != ("gateway", "private"),
    )


def test_gateway_views_are_private_too(models: dict[str, dict]) -> None:
    """Flags an identifiable view of the gateway that the warehouse could refer to."""
    assert not offenders(
        models,
        lambda node: is_gateway(node)
        and (
            node["group"] != "gateway"
            or (node["database"] == "memory" and node["access"] != "private")
        ),
    )


def test_intermediate_is_private_to_the_warehouse(models: dict[str, dict]) -> None:
    """Flags exact counts and patient-level rows that somebody outside could build on."""
    intermediate = {
        name: node
        for name, node in models.items()
        if in_folder(node, "intermediate") and not is_gateway(node)
    }
    assert not offenders(
        intermediate, lambda node: (node["group"], node["access"]) != ("warehouse", "private")
    )


def test_patient_level_rows_stay_in_their_store(models: dict[str, dict]) -> None:
    """Flags a pseudonym in the store that is kept: what is destroyed must lie where destruction reaches."""
    assert not offenders(
        models,
        lambda node: PATIENT_KEY in node["columns"] and node["database"] != "patient_level",
    )


def test_no_model_reads_the_clock_or_the_database(manifest: dict, models: dict[str, dict]) -> None:
    """Flags two builds of one input that differ; macros are looked at as well, generic tests are not."""
    macros = {
        node["name"]: node
        for node in manifest["macros"].values()
        if node["package_name"] == manifest["metadata"]["project_name"]
        and not node["name"].startswith("test_")
        and node["name"] not in (MEMORY, VALUE_NET)
    }
    snapshots = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "snapshot"}
    code = lambda node: without_comments(node.get("raw_code") or node.get("macro_sql") or "")  # noqa: E731
    assert not offenders(
        models | macros | snapshots, lambda node: bool(FORBIDDEN.search(code(node)))
    )


def test_everything_is_described(manifest: dict, models: dict[str, dict]) -> None:
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
            and not node["name"].startswith("test_")
        },
    }
    assert len(ours) > len(models)
    assert not offenders(ours, lambda node: not node["description"].strip())


def test_every_column_of_a_contract_is_described(models: dict[str, dict]) -> None:
    """Flags a column that a reader of the results has to guess."""
    assert not [
        f"{name}.{column}"
        for name, node in models.items()
        if node["config"]["contract"]["enforced"]
        for column, facts in node["columns"].items()
        if not facts["description"].strip() or not facts["data_type"]
    ]


def test_no_column_is_named_like_an_nhs_number(
    models: dict[str, dict], warehouse: duckdb.DuckDBPyConnection
) -> None:
    """Flags a stored column by its name, in the contracts and in the databases as built."""
    contracted = {
        (name, column)
        for name, node in models.items()
        if node["database"] != "memory"
        for column in node["columns"]
    }
    stored = set(
        warehouse.execute("select table_name, column_name from duckdb_columns()").fetchall()
    )
    assert contracted and contracted <= stored
    assert not sorted(name for name in contracted | stored if NHS_NUMBER.search(name[1]))


def test_patient_level_models_pass_the_gate(manifest: dict, models: dict[str, dict]) -> None:
    """Flags a patient-level model that is built without the opt-outs.

    Mend it with exclude_opted_out, or build it on a model that did.
    """
    gate = models[GATE]["unique_id"]
    with_patients = {name: node for name, node in models.items() if PATIENT_KEY in node["columns"]}
    assert len(with_patients) >= 3
    assert not offenders(with_patients, lambda node: gate not in ancestors(manifest, node))


def test_whatever_calls_pseudonymise_passes_the_gate_itself(models: dict[str, dict]) -> None:
    """Flags a model that descends from the gate by one parent and takes people from another."""
    callers = {
        name: node
        for name, node in models.items()
        if re.search(r"\bpseudonymise\s*\(", node["raw_code"])
    }
    assert not offenders(callers, lambda node: "exclude_opted_out(" not in node["raw_code"])
    assert not offenders(callers, lambda node: not is_gateway(node))
    assert not offenders(callers, lambda node: PATIENT_KEY not in node["columns"])


def test_patient_keys_can_be_nothing_but_pseudonyms(models: dict[str, dict]) -> None:
    """Flags a patient_key that the engine would let hold something else, an NHS Number for one."""

    def offends(node: dict) -> bool:
        constraints = node["columns"][PATIENT_KEY]["constraints"]
        kinds = {constraint["type"] for constraint in constraints}
        checks = [c["expression"] for c in constraints if c["type"] == "check"]
        return "not_null" not in kinds or not any(
            "regexp_full_match(patient_key, '[a-p]{32}')" in check for check in checks
        )

    assert not offenders(
        {name: node for name, node in models.items() if PATIENT_KEY in node["columns"]}, offends
    )


def test_models_are_sql_without_hooks(manifest: dict, models: dict[str, dict]) -> None:
    """Flags a Python model, which no closed connection stops from reading files, and a hook.

    A hook of the gateway could copy rows that no contract has seen.
    """
    assert not offenders(models, lambda node: node["language"] != "sql")
    hooked = {
        name: node for name, node in manifest["nodes"].items() if node["resource_type"] != "test"
    }
    assert not offenders(
        hooked, lambda node: bool(node["config"].get("pre-hook") or node["config"].get("post-hook"))
    )
    operations = [node for name, node in manifest["nodes"].items() if name.startswith("operation.")]
    assert {node["raw_code"]: node["tags"] for node in operations} == {
        f"{{{{ {MEMORY}() }}}}": ["on-run-start"],
        f"{{{{ {VALUE_NET}() }}}}": ["on-run-end"],
    }
    assert not list(PROJECT.glob("models/**/*.py"))


def test_failing_rows_are_never_kept(manifest: dict) -> None:
    """Flags a data test that would store the rows it found, identifiable ones included."""
    tests = {
        name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "test"
    }
    assert not offenders(tests, lambda node: bool(node["config"]["store_failures"]))


def test_snapshots_follow_reference_data_only(manifest: dict) -> None:
    """Flags a history of people: snapshots outlive the destruction."""
    snapshots = {
        name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "snapshot"
    }

    def offends(node: dict) -> bool:
        followed = [manifest["nodes"][name] for name in parents(node)]
        return any(model["database"] != "marts" or PATIENT_KEY in model["columns"] for model in followed)

    assert not offenders(snapshots, offends)
