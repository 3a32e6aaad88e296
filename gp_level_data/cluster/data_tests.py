"""The project's data tests, asked of what a cluster has made before it becomes the results.

Those of stored tables are asked by dbt on one machine's engine, which reads the cluster's files: the same SQL that is asked
there, the nets' macros among them, and no second dialect of it. What is looked at is a database of views; no row is copied.
Those of what ends with the gateway's application are asked there, of Spark (gateway.py).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import GenericTestNode

from gp_level_data.cluster import adapter, tables
from gp_level_data.custody import store
from gp_level_data.custody.store import sql_text
from gp_level_data.nets import Finding
from gp_level_data.refusal import Refusal
from gp_level_data.runs.progress import Stage
from gp_level_data.shapes import Node

NET = "data tests"
DOES_NOT_HOLD = "does not hold"
NOT_ASKED = "could not be asked"
PASSED = "pass"
# Snapshots, seeds and sources are there before a run, or are remembered of earlier ones.
DATABASES = (*store.OF_A_RUN, store.RELEASED)


def findings(made: Path, where: Path, variables: str = "", stage: Stage | None = None) -> list[Finding]:
    """Data tests that do not hold of the tables of a folder, <schema>/<name>: relation and test, never a row.

    where   a folder for what dbt leaves, and for the views
    """
    views = adapter.fresh(where / "views")
    manifest, common = adapter.as_it_is(target(views), where, variables)
    for key in [*unstored(manifest), *operations(manifest)]:
        del manifest.nodes[key]
    look_at(made, views, relations(manifest))
    tests = [node for node in manifest.nodes.values() if isinstance(node, GenericTestNode)]
    follows = [adapter.follow(stage, len(tests))] if stage else []
    ended = adapter.runner(manifest, follows).invoke(["--quiet", "test", "--select", "test_type:data", *common])
    if not isinstance(ended.result, RunExecutionResult) or len(ended.result.results) != len(tests):
        raise Refusal(f"The data tests could not be asked of what the cluster made: {ended.exception}")
    return [
        finding(result.node.to_dict(), NOT_ASKED if result.status == "error" else DOES_NOT_HOLD)
        for result in ended.result.results
        if result.status != PASSED
    ]


def finding(node: Node, what: str) -> Finding:
    """A test that does not hold, by what it is about and its name; of its message nothing, which may repeat a value."""
    about = (node.get("attached_node") or node["unique_id"]).split(".")[2]
    kind = (node.get("test_metadata") or node)["name"]
    column = f".{node['column_name']}" if node.get("column_name") else ""
    return Finding(NET, f"{about}{column}", f"the data test {kind} {what}")


def unstored(manifest: Manifest) -> list[str]:
    """Data tests that read what ends with the gateway's application."""
    return [
        key
        for key, node in manifest.nodes.items()
        if isinstance(node, GenericTestNode)
        and not all(is_stored(manifest.nodes[name]) for name in node.depends_on.nodes if name in manifest.nodes)
    ]


def is_stored(node: Any) -> bool:
    """Whether a relation outlives the run that makes it: a table of one of the store's databases, or none of a run's."""
    if node.resource_type != NodeType.Model:
        return True
    return bool(node.config.materialized == "table" and node.config["database"] in store.OF_A_RUN)


def operations(manifest: Manifest) -> list[str]:
    """What is asked at the end of a run on one machine; on a cluster's files, checks.py asks it."""
    return [key for key, node in manifest.nodes.items() if node.resource_type == NodeType.Operation]


# ---- the views --------------------------------------------------------------------------------------


def target(views: Path) -> dict[str, Any]:
    """The profile's output: databases that hold views, under the names of the store's."""
    attached = [name for name in DATABASES if name != store.MARTS]
    return {
        "type": "duckdb", "path": str(file_of(views, store.MARTS)), "schema": "main", "threads": 2,
        "attach": [{"path": str(file_of(views, name)), "alias": name} for name in attached],
        "settings": {"TimeZone": "Europe/London"},
        "config_options": {"autoinstall_known_extensions": False, "temp_file_encryption": True},
    }  # fmt: skip


def file_of(views: Path, database: str) -> Path:
    return views / f"{database}.duckdb"


def relations(manifest: Manifest) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Every relation that a test of a stored one can read: database, schema, name, and the types that its contract says."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        is_relation = node.resource_type in {NodeType.Model, NodeType.Seed, NodeType.Snapshot, NodeType.Source}
        if is_relation and node.database in DATABASES and is_stored(node):
            types = {column.name: column.data_type for column in node.columns.values() if column.data_type}
            yield node.database, node.schema, node.identifier, types


def look_at(made: Path, views: Path, wanted: Iterable[tuple[str, str, str, dict[str, str]]]) -> None:
    """A view of each table; of one without rows, of which Spark writes no file, with the columns of its contract."""
    with duckdb.connect() as connection:
        for database in DATABASES:
            connection.execute(f"attach '{sql_text(file_of(views, database))}' as {database}")
        for database, schema, name, types in wanted:
            if found := tables.rows_at(made / schema / name):
                rows = f"from {found}"
            elif types:
                columns = ", ".join(f'cast(null as {kind}) as "{column}"' for column, kind in types.items())
                rows = f"select {columns} where false"
            else:
                continue
            connection.execute(f'create schema if not exists {database}."{schema}"')
            connection.execute(f'create or replace view {database}."{schema}"."{name}" as {rows}')
