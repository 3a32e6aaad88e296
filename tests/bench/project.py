"""What dbt compiles of the project, each model by the run that builds it; and the tables that models read."""

import functools
from collections.abc import Collection, Mapping

import duckdb
import pyarrow
import yaml
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt_common.clients import agate_helper

from bench import direct_build, gateway_sql
from bench.gateway_sql import KEY
from conftest import PROJECT
from gp_level_data.custody import pseudonym, store
from gp_level_data.end import ledger_tables
from gp_level_data.raw import ndop_files
from gp_level_data.shapes import Manifest, Node, Row
from opt_outs import opt_out_oracle
from opt_outs.opt_out_oracle import Sent

# A snapshot over nothing: dbt's columns after those of the model.
HISTORY = """
    create table {} as
    select
        *,
        cast(null as varchar) as dbt_scd_id,
        cast(null as timestamp with time zone) as dbt_updated_at,
        cast(null as timestamp with time zone) as dbt_valid_from,
        cast(null as timestamp with time zone) as dbt_valid_to
    from {}
"""


@functools.cache
def warehouse() -> Manifest:
    """What the warehouse's run compiles, its settings standing open; no database is looked at."""
    models = ("--select", "resource_type:model", "--indirect-selection", "empty", *gateway_sql.SETTINGS_OPEN)
    return gateway_sql.read_manifest(gateway_sql.compiled_once("warehouse_sql", *models))


@functools.cache
def manifest() -> Manifest:
    """Both runs in one; their settings stand open (gateway_sql.SETTINGS)."""
    return direct_build.both_runs(gateway_sql.manifest(), warehouse())


@functools.cache
def nodes() -> dict[str, Row]:
    """Models, seeds and snapshots by name, sources by `source.table`."""
    ours = [*manifest()["nodes"].values()]
    named = {node["name"]: node for node in ours if node["resource_type"] in ("model", "seed", "snapshot")}
    return named | {f"{node['source_name']}.{node['name']}": node for node in manifest()["sources"].values()}


@functools.cache
def queries(*folders: str) -> dict[str, str]:
    """The SQL of the models of some folders of models/, each after what it reads."""
    paths = tuple(f"models/{name}/" for name in folders)
    return {
        node["name"]: with_settings(node["compiled_code"])
        for node in direct_build.models(manifest())
        if str(node["original_file_path"]).startswith(paths)
    }


@functools.cache
def types_of(name: str) -> dict[str, str]:
    """The columns of a table with their types, as an engine gives them that runs the models over nothing."""
    relation = nodes()[name]["relation_name"]
    return {row[0]: row[1] for row in over_nothing().execute(f"describe {relation}").fetchall()}


@functools.cache
def over_nothing() -> duckdb.DuckDBPyConnection:
    """Every table of both runs, from no raw file, under its own name; only seeds have rows."""
    connection = connect()
    for node in direct_build.models(manifest()):
        connection.execute(f"create or replace table {node['relation_name']} as {with_settings(node['compiled_code'])}")
        for snapshot in nodes().values():
            if snapshot["resource_type"] == "snapshot" and node["unique_id"] in snapshot["depends_on"]["nodes"]:
                connection.execute(HISTORY.format(snapshot["relation_name"], node["relation_name"]))
    return connection


def before(queries: Collection[str]) -> duckdb.DuckDBPyConnection:
    """A run before some of its models: what they read of others is there under its own name, typed, without a row."""
    connection = connect()
    for node in direct_build.models(manifest()):
        if node["name"] not in queries:
            create_empty(connection, node["relation_name"], node["name"])
    return connection


def create_empty(connection: duckdb.DuckDBPyConnection, table: str, name: str) -> None:
    """A table without a row, typed as a model, seed or source is."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind in types_of(name).items())
    connection.execute(f"create table {table} ({columns})")


def plant(connection: duckdb.DuckDBPyConnection, schema: str, given: Mapping[str, list[Row]]) -> dict[str, str]:
    """Rows by the name of what they stand for, as tables of a new schema; those by the names they have in SQL."""
    connection.execute(f"create schema {schema}")
    for name, rows in given.items():
        create_empty(connection, f"{schema}.{name}", name)
        columns = {column: [row.get(column) for row in rows] for column in types_of(name)}
        connection.register("rows_to_plant", pyarrow.table(columns))
        connection.execute(f"insert into {schema}.{name} select * from rows_to_plant")
        connection.unregister("rows_to_plant")
    return {nodes()[name]["relation_name"]: f"{schema}.{name}" for name in given}


def bounded() -> duckdb.DuckDBPyConnection:
    """An empty database; a mutant that joins everything with everything is refused, and leaves no file."""
    return duckdb.connect(config={"threads": 1, "memory_limit": "2GB", "temp_directory": ""})


def connect() -> duckdb.DuckDBPyConnection:
    """The databases of a run in memory, before its first model: seeds, files without a row, nothing remembered."""
    connection = bounded()
    connection.execute("set global timezone = 'Europe/London'")
    pseudonym.register(connection, KEY, settings()["collection"], {})
    store.attach_in_memory(connection)
    connection.execute("create schema landing")
    for collection in opt_out_oracle.seed("collections"):
        gateway_sql.land(connection, Sent(settings={"collection": collection["collection"]}))
    ndop_files.create_relations(connection, PROJECT / "nowhere")
    for node in nodes().values():
        schema = ".".join(node["relation_name"].split(".")[:2])
        connection.execute(f"create schema if not exists {schema}")
    for node in nodes().values():
        if node["resource_type"] == "seed":
            plant_seed(connection, node)
    store.create_memory_of_results(connection)
    for table, columns in ledger_tables.COLUMNS.items():
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"create table {ledger_tables.SCHEMA}.{table} ({typed})")
    return connection


def plant_seed(connection: duckdb.DuckDBPyConnection, node: Node) -> None:
    """A seed as dbt loads it: a column without a type gets the one that dbt finds for its values."""
    typed = node["config"]["column_types"]
    table = agate_helper.from_csv(PROJECT / node["original_file_path"], list(typed), ",")
    columns = list(table.column_names)
    kinds = {
        name: str(typed.get(name) or DuckDBAdapter.convert_agate_type(table, at)) for at, name in enumerate(columns)
    }
    rows = [dict(zip(columns, row)) for row in table.rows]
    gateway_sql.create(connection, node["relation_name"], rows, columns, kinds)


def with_settings(sql: str, said: Mapping[str, str] | None = None) -> str:
    """Compiled SQL with the settings of a run in it."""
    said = settings() | dict(said or {})
    for name in gateway_sql.SETTINGS:
        sql = sql.replace(f"<{name}>", said[name])
    # A day has to be said while dbt parses.
    day = gateway_sql.OPEN["disseminated_at"]
    return sql.replace(day, said.get("disseminated_at", day))


@functools.cache
def settings() -> dict[str, str]:
    """What dbt_project.yml says of the settings that stand open."""
    said = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    return {name: str(said[name]) for name in gateway_sql.SETTINGS}
