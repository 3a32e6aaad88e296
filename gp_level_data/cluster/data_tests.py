"""The project's data tests, asked of what a cluster has made before it becomes the results.

Those of stored tables are asked by dbt on one machine's engine, of a copy of the cluster's files: the same SQL that is asked
there, the nets' macros among them, and no second dialect of it. The copy is as a store of one machine, what is of patients
under the cluster's key, and gone when the tests have been asked. Those of what ends with the gateway's application are asked
there, of Spark (gateway.py).
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import GenericTestNode

from gp_level_data.cluster import adapter, table_key, tables
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
FOLDER, COPY = "dbt-tests", "copy"
# Snapshots, seeds and sources are there before a run, or are remembered of earlier ones.
DATABASES = (*store.OF_A_RUN, store.RELEASED)


def findings(made: Path, cluster: Path, variables: str = "", stage: Stage | None = None) -> list[Finding]:
    """Data tests that do not hold of the tables of a folder, <schema>/<name>: relation and test, never a row.

    cluster   the folder of the cluster that made them, where the copy goes and what dbt leaves
    """
    where = cluster / FOLDER
    copy = adapter.fresh(where / COPY)
    manifest, common = adapter.as_it_is(target(cluster), where, variables)
    for key in [*unstored(manifest), *operations(manifest)]:
        del manifest.nodes[key]
    try:
        copy_tables(made, copy, relations(manifest), table_key.read(cluster))
        return ask(manifest, common, stage)
    finally:
        shutil.rmtree(copy)


def ask(manifest: Manifest, common: list[str], stage: Stage | None) -> list[Finding]:
    """Each data test of a manifest, by dbt: those that do not hold."""
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


# ---- the copy ---------------------------------------------------------------------------------------


def target(cluster: Path) -> dict[str, Any]:
    """The profile's output: databases under the names of the store's."""
    return {
        "type": "duckdb", "path": str(store.database_file(cluster / FOLDER / COPY, store.MARTS)), "schema": "main", "threads": 2,
        "settings": {"TimeZone": "Europe/London"},
        "config_options": {"autoinstall_known_extensions": False, "temp_file_encryption": True},
        "plugins": [{"module": __name__, "config": {"cluster": str(cluster)}}],
    }  # fmt: skip


class Plugin(BasePlugin):
    """dbt-duckdb's: it attaches what is encrypted. Its configuration says where the cluster is, and holds no key."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self._cluster = Path(plugin_config["cluster"])

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        attach_encrypted(conn, self._cluster / FOLDER / COPY, table_key.read(self._cluster))


def attach_encrypted(connection: duckdb.DuckDBPyConnection, copy: Path, key: bytes) -> None:
    """What is of patients, or exact, as on one machine; under one key here."""
    for name in DATABASES:
        if name != store.MARTS:
            store.attach_encrypted(connection, copy, name, key, may_create=True)


def relations(manifest: Manifest) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Every relation that a test of a stored one can read: database, schema, name, and the types that its contract says."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        is_relation = node.resource_type in {NodeType.Model, NodeType.Seed, NodeType.Snapshot, NodeType.Source}
        if is_relation and node.database in DATABASES and is_stored(node):
            types = {column.name: column.data_type for column in node.columns.values() if column.data_type}
            yield node.database, node.schema, node.identifier, types


def copy_tables(made: Path, copy: Path, wanted: Iterable[tuple[str, str, str, dict[str, str]]], key: bytes) -> None:
    """A copy of each table; of one without rows, of which Spark writes no file, with the columns of its contract."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{sql_text(store.database_file(copy, store.MARTS))}' as {store.MARTS}")
        attach_encrypted(connection, copy, key)
        for database, schema, name, types in wanted:
            if found := tables.rows_at(connection, made / schema / name, key):
                rows = f"from {found}"
            elif types:
                columns = ", ".join(f'cast(null as {kind}) as "{column}"' for column, kind in types.items())
                rows = f"select {columns} where false"
            else:
                continue
            connection.execute(f'create schema if not exists {database}."{schema}"')
            connection.execute(f'create or replace table {database}."{schema}"."{name}" as {rows}')
