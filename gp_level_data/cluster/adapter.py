"""dbt's Spark adapter, told in one place what this project's contracts and databases are called there.

The project says `patient_level.gateway.x` and `varchar`, as its embedded engine does. On a cluster the databases are one
catalogue (where two have a schema of one name, it is one there, and no two of their tables are called alike), and a text
without a length is a `string`. Nothing in the project's files changes, so that the nets that look at them see one
project.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode
from dbt_common.events.base_types import EventMsg

from gp_level_data import shapes
from gp_level_data.project import PROJECT
from gp_level_data.refusal import Refusal
from gp_level_data.runs.progress import Stage

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner

DATABRICKS = "databricks"
TYPES = {"varchar": "string", "timestamp with time zone": "timestamp", "timestamptz": "timestamp", "integer": "int"}
# What Parquet files do not enforce is noted beside dbt's artefacts, and looked into afterwards (checks.py).
PROMISES = "promises.json"
BORDER = ("models/staging/", "models/intermediate/gateway/")
# The order in which a model stores its rows, by names of columns, at its very end.
STORED_ORDER = re.compile(r"\norder by\s(?:(?!limit\b)[\w\s,.])+\Z")


def spark_type(data_type: str) -> str:
    """What Spark calls a type of the project's contracts."""
    return TYPES.get(data_type.lower(), data_type.replace(", ", ","))


def run(
    target: dict[str, Any], where: Path, variables: str = "", only: Iterable[str] = (), stage: Stage | None = None
) -> dict[str, str]:
    """`dbt run` of the analyst's models on a cluster: what became of each.

    target  the profile's output
    where   a folder for what dbt leaves: target, logs, its profile
    only    names of models, where the others are there already
    stage   of the command, which shows how far it is
    """
    manifest, common = parsed(target, where, variables)
    models = list(only) or [node.name for node in warehouse_models(manifest)]
    follows = [follow(stage, len(models))] if stage else []
    ended = runner(manifest, follows).invoke(["--quiet", "run", "--select", *models, *common])
    if not isinstance(ended.result, RunExecutionResult):
        raise Refusal(f"`dbt run` on Spark could not start: {ended.exception}")
    return {result.node.name: str(result.status) for result in ended.result.results}


def compiled(
    target: dict[str, Any], where: Path, variables: str = "", also: Callable[[Manifest], Iterable[str]] = lambda _: ()
) -> shapes.Manifest:
    """The manifest with every model compiled for a target; no connection is opened for it.

    also   which data tests, by their ids
    """
    manifest, common = parsed(target, where, variables)
    tests = [manifest.nodes[key].name for key in also(manifest)]
    ended = runner(manifest).invoke([
        "--quiet", "compile", "--select", "resource_type:model", *tests, "--indirect-selection", "empty",
        "--no-populate-cache", "--no-introspect", *common,
    ])  # fmt: skip
    if not ended.success:
        raise Refusal(f"dbt cannot compile the models for {target['type']}: {ended.exception}")
    found: shapes.Manifest = json.loads((where / "target" / "manifest.json").read_text(encoding="utf-8"))
    return found


def follow(stage: Stage, total: int) -> Callable[[EventMsg], None]:
    """What tells a stage which model is at work, and which are done."""
    stage.has_steps(total)

    def noted(event: EventMsg) -> None:
        node = getattr(event.data, "node_info", None)
        if node and event.info.name == "NodeStart":
            stage.at_work = node.node_name
        elif node and event.info.name == "NodeFinished":
            stage.done.add(node.unique_id)

    return noted


def runner(manifest: Manifest | None = None, follows: Iterable[Callable[[EventMsg], None]] = ()) -> "dbtRunner":
    from dbt.cli.main import dbtRunner

    return dbtRunner(manifest=manifest, callbacks=list(follows))


def parsed(target: dict[str, Any], where: Path, variables: str) -> tuple[Manifest, list[str]]:
    """The project as it is on a cluster, and the options for the next command."""
    from dbt.adapters.spark.relation import SparkRelation

    # Two-part names: the adapter leaves the database out when it writes a name, but would refuse to be told one.
    SparkRelation.__post_init__ = lambda self: None
    manifest, common = as_it_is(target, where, variables)
    (where / PROMISES).write_text(json.dumps(promised(manifest)))
    return as_on_cluster(manifest, target["type"]), common


def as_it_is(target: dict[str, Any], where: Path, variables: str) -> tuple[Manifest, list[str]]:
    """The project as a target's adapter parses it, and the options for the next command."""
    profiles = where / "profiles"
    profiles.mkdir(parents=True, exist_ok=True)
    profile = {"gp_level_data_warehouse": {"target": "warehouse", "outputs": {"warehouse": target}}}
    (profiles / "profiles.yml").write_text(json.dumps(profile))
    common = [
        "--project-dir", str(PROJECT), "--profiles-dir", str(profiles), "--target-path", str(where / "target"),
        "--log-path", str(where / "logs"), *(["--vars", variables] if variables else []),
    ]  # fmt: skip
    ended = runner().invoke(["--quiet", "parse", "--no-partial-parse", *common])
    if not ended.success or not isinstance(ended.result, Manifest):
        raise Refusal(f"dbt cannot parse the project for {target['type']}: {ended.exception}")
    return ended.result, common


def promised(manifest: Manifest) -> list[list[str]]:
    """What contracts promise of a stored relation: schema, name, column if of one, and the condition that each row meets."""
    found = []
    for node in manifest.nodes.values():
        if isinstance(node, ModelNode):
            of_columns = [(column.name, each) for column in node.columns.values() for each in column.constraints]
            for column, constraint in [*of_columns, *(("", each) for each in node.constraints)]:
                condition = constraint.expression or f'"{column}" is not null'
                found.append([node.schema, node.name, column, condition])
    return found


def promises(where: Path) -> list[list[str]]:
    """The same, of the project as it was parsed last."""
    read: list[list[str]] = json.loads((where / PROMISES).read_text())
    return read


def warehouse_models(manifest: Manifest) -> list[ModelNode]:
    """The models of the analyst's run."""
    return [
        node
        for node in manifest.nodes.values()
        if node.resource_type == NodeType.Model and not node.original_file_path.startswith(BORDER)
    ]


def as_on_cluster(manifest: Manifest, engine: str) -> Manifest:
    """The manifest with the engine's types, and without what only the embedded engine does at a run's ends.

    The order of stored rows is one machine's, whose same input gives the same bytes; a cluster would sort whole tables for it.
    Spark's Parquet files enforce no constraint, so that it is told of none (checks.py); Databricks' tables do.
    """
    for key, node in list(manifest.nodes.items()):
        if node.resource_type == NodeType.Operation:
            # Looked into afterwards, in the files (tables.py).
            del manifest.nodes[key]
        elif node.resource_type == NodeType.Model:
            node.config["persist_docs"] = {}
            node.raw_code = STORED_ORDER.sub("\n", node.raw_code)
            for column in node.columns.values():
                column.data_type = spark_type(column.data_type) if column.data_type else None
            if engine == DATABRICKS:
                for constraint in (*node.constraints, *(each for c in node.columns.values() for each in c.constraints)):
                    constraint.expression = constraint.expression and of_databricks(constraint.expression)
                continue
            node.config["file_format"] = "parquet"
            node.constraints = []
            for column in node.columns.values():
                column.constraints = []
    return manifest


def of_databricks(condition: str) -> str:
    """A CHECK of a contract as Databricks says it: the whole text has to match, up to its very end (macro full_match)."""
    from sqlglot import exp, parse_one

    def translated(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.RegexpFullMatch):
            return node
        return exp.RegexpLike(this=node.this, expression=exp.Literal.string(rf"\A(?:{node.expression.this})\z"))

    return parse_one(condition, dialect="duckdb").transform(translated).sql(dialect="databricks")


def thrift_target(host: str, port: int) -> dict[str, Any]:
    """The profile's output for the Thrift server of daemons.py."""
    return {
        "type": "spark", "method": "thrift", "host": host, "port": port, "schema": "main",
        "threads": int(os.environ.get("SPARK_DBT_THREADS", "2")), "connect_retries": 2, "connect_timeout": 10,
        "poll_interval": 1,
    }  # fmt: skip


def fresh(folder: Path) -> Path:
    """A folder without anything in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder
