"""The models are SQL of Databricks as well, and the border there is the border here: what no workspace is needed for."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from conftest import PROJECT, Folders
from gp_level_data.cluster import adapter, databricks
from gp_level_data.cluster.grants import grants
from gp_level_data.nets.lineage import compiled
from gp_level_data.refusal import Refusal
from gp_level_data.runs.statements import Run
from gp_level_data.shapes import Manifest, Node

PYTHON = PROJECT / ".venv-databricks" / "bin" / "python"
needs_databricks = pytest.mark.skipif(not PYTHON.exists(), reason="dbt-databricks is not there: `make databricks`")
TYPES = {"string", "bigint", "int", "smallint", "double", "boolean", "date", "timestamp", "decimal(5,2)"}
# What the parser does not know by itself: a function of the engine's, and those of the project.
FUNCTIONS = {"try_to_timestamp", "pseudonymise", "release_pseudonym"}
GRANTED = re.compile(r"grant use schema, select(?P<writes>, modify, create table)? on schema `(.+)`\.`(.+)` to `(.+)`")


def run(*arguments: str, where: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {
        "PATH": os.environ["PATH"],
        "HOME": str(where),
        "DO_NOT_TRACK": "1",
        "PYTHONPATH": str(PROJECT),
        **environment,
    }
    command = [str(PYTHON), "-m", "gp_level_data.cluster.databricks", *arguments, "--where", str(where)]
    return subprocess.run(command, cwd=PROJECT, env=given, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Node]:
    """Every model, compiled for Databricks."""
    where = tmp_path_factory.mktemp("databricks")
    ended = run("compile", where=where)
    assert ended.returncode == 0, ended.stderr[-2000:]
    manifest = json.loads((where / "target" / "manifest.json").read_text())
    assert manifest["metadata"]["adapter_type"] == "databricks"
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


@needs_databricks
def test_every_model_is_sql_of_databricks(models: list[Node]) -> None:
    """Flags a model that does not compile, that its parser does not read, or that calls what only DuckDB has."""
    assert len(models) == len(list((PROJECT / "models").rglob("*.sql")))
    for model in models:
        tree = sqlglot.parse_one(model["compiled_code"], dialect="databricks")
        assert {call.name.lower() for call in tree.find_all(exp.Anonymous)} <= FUNCTIONS, model["name"]
        # A name in double quotation marks is a text there.
        texts = sqlglot.tokenize(model["compiled_code"], dialect="databricks")
        quoted = [model["compiled_code"][each.start] for each in texts if each.token_type == sqlglot.TokenType.STRING]
        assert '"' not in quoted, model["name"]
        assert all(table.catalog for table in tree.find_all(exp.Table) if table.db), model["name"]


@needs_databricks
def test_no_table_of_people_is_sorted(models: list[Node]) -> None:
    """Flags rows of people that a cluster would sort from end to end; those of areas are few."""
    of_people = [model for model in models if "patient_key" in model["columns"]]
    assert len(of_people) > 15
    trees = {model["name"]: sqlglot.parse_one(model["compiled_code"], dialect="databricks") for model in of_people}
    assert [name for name, tree in trees.items() if tree.args.get("order")] == []


@pytest.mark.parametrize(
    ("model", "there"),
    [
        ("select a, b\nfrom t\norder by a, t.b\n", "select a, b\nfrom t\n"),
        ("select a\nfrom t\norder by\n    a,\n    b desc nulls last\n", "select a\nfrom t\n"),
        ("select a\nfrom t\norder by a\nlimit 5\n", None),
        ("with c as (\n\n    select sum(a) over (\norder by a) as s from t\n\n)\n\nselect s from c\n", None),
    ],
)
def test_an_order_that_only_stores_is_left_out(model: str, there: str | None) -> None:
    """Flags an order that decides which rows there are, or what is in them, taken for that of storing."""
    assert adapter.STORED_ORDER.sub("\n", model) == (there or model)


@needs_databricks
def test_every_contract_is_one_of_databricks(models: list[Node]) -> None:
    """Flags a type that the engine has not, and a condition that it could not enforce."""
    contracted = [model for model in models if model["config"]["contract"]["enforced"]]
    columns = [column for model in contracted for column in model["columns"].values()]
    assert {column["data_type"] for column in columns} <= TYPES
    kept = [each for part in (*contracted, *columns) for each in part["constraints"]]
    assert {each["type"] for each in kept} == {"not_null", "check"}
    assert not [each for each in kept if "regexp_full_match" in (each["expression"] or "").lower()]


@needs_databricks
def test_a_run_without_a_workspace_is_one_sentence(tmp_path: Path) -> None:
    ended = run("run", where=tmp_path, DATABRICKS_HOST="compiled.invalid")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "A run in a workspace needs DATABRICKS_HTTP_PATH, DATABRICKS_CLIENT_ID, DBT_ENV_SECRET_DATABRICKS"
        " (gp_level_data/cluster/databricks.yml).\n"
    )


def test_the_profile_holds_no_secret() -> None:
    """Flags a value in the profile that should come from outside."""
    output = databricks.target()
    assert {output[name] for name in ("host", "http_path", "client_id", "client_secret")} == {
        f"{{{{ env_var('{name}') }}}}" for name in databricks.VARIABLES
    }


@pytest.mark.parametrize(
    ("condition", "there"),
    [
        ("regexp_full_match(patient_key, '[a-p]{32}')", r"REGEXP_LIKE(patient_key, '\\A(?:[a-p]{32})\\z')"),
        ("row_count < 5 or row_count % 10 = 0", "row_count < 5 OR row_count % 10 = 0"),
    ],
)
def test_a_condition_of_a_contract(condition: str, there: str) -> None:
    """Flags a CHECK that would hold for a text with more behind what it should be."""
    assert adapter.of_databricks(condition) == there


@pytest.fixture(scope="module")
def manifest(built: Folders) -> Manifest:
    return compiled.built_manifest(built.work / "target" / "gateway", built.work / "target")


def granted(principal: str, writes: bool = False) -> set[tuple[str, str]]:
    """Where somebody may read, or write."""
    found = [GRANTED.fullmatch(each) for each in grants("gateway", "analyst", "raw.landing.files")]
    return {(each[2], each[3]) for each in found if each and each[4] == principal and (each["writes"] or not writes)}


def test_each_may_write_what_his_run_makes_and_nothing_else() -> None:
    """Flags a border that is another one there than here."""
    for principal, name in (("gateway", "gateway"), ("analyst", "warehouse")):
        stored = {place for place in Run(name).places if place[0] != "memory"}
        assert granted(principal, writes=True) == {place for place in stored if place[1] not in ("seeds", "snapshots")}
    assert not granted("gateway", writes=True) & granted("analyst", writes=True)


def test_the_analyst_may_read_what_his_models_read(manifest: Manifest) -> None:
    """Flags a grant that is wanting; raw files and what is identifiable are granted to nobody."""
    everything = {**manifest["nodes"], **manifest["sources"]}
    read = {
        (everything[key]["database"], everything[key]["schema"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "snapshot") and not node["original_file_path"].startswith(adapter.BORDER)
        for key in node["depends_on"]["nodes"]
    }
    assert read <= granted("analyst")
    assert "memory" not in {database for principal in ("gateway", "analyst") for database, _ in granted(principal)}
    assert [each for each in grants("g", "a", "raw.landing.files") if "volume" in each] == [
        "grant read volume on volume `raw`.`landing`.`files` to `g`"
    ]


@pytest.mark.parametrize(
    ("analyst", "volume"), [("a`; drop", "a.b.c"), ("a;b", "a.b.c"), ("", "a.b.c"), ("a", "a.b"), ("a", "a..c")]
)
def test_a_name_that_is_none_is_refused(analyst: str, volume: str) -> None:
    """Flags a name that would be another statement."""
    with pytest.raises(Refusal):
        list(grants("gateway", analyst, volume))
