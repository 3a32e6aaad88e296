"""dbt's unit tests asked of Spark: dbt itself, in a session of Spark's on this machine that has every relation, empty.

dbt asks the engine for the types of what a unit test is given, so that each relation has to be there. Their types are those
that Spark itself finds in the compiled models, one after the other; what earlier runs left is handed over by a store, as on
a cluster.

    PYTHONPATH=.:tests:tests/python python -m cluster.spark_unit_tests FOLDER STORE_DIR KEY_DIR     what became of each, in FOLDER/found.json
"""

import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from dbt.artifacts.resources.v1.unit_test_definition import UnitTestFormat
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.contracts.graph.manifest import Manifest as ParsedManifest

from bench import direct_build
from conftest import COLLECTION, SAMPLE
from gp_level_data.cluster import __main__ as cluster_command
from gp_level_data.cluster import adapter, gateway, table_key, tables
from gp_level_data.shapes import Manifest

TARGET = {"type": "spark", "method": "session", "host": "here", "schema": "main", "threads": 1}
# Models whose unit tests are not asked of Spark, and why.
NOT_ASKED = {
    "int_gp_report__decided": "it nests its steps, which Spark writes out one in the other: its plan is larger than 2.5 GB",
}
# What Spark calls types that fixtures in SQL name.
TYPES = {"timestamptz": "timestamp", "varchar": "string"}
# Of dbt's materialization of unit tests, what is replaced and by what.
INSTEAD = (
    ("{% do run_query(get_create_table_as_sql(True, temp_relation, get_empty_subquery_sql(sql))) %}", ""),
    (
        "make_temp_relation(target_relation)",
        "api.Relation.create(schema=model.schema, identifier=model.tested_node_unique_id.split('.')[2])",
    ),
    ("{% do adapter.drop_relation(temp_relation) %}", ""),
)


@contextlib.contextmanager
def session(where: Path) -> Iterator[Any]:
    """A session that means what the cluster's mean (daemons.settings), with a catalogue of its own."""
    from pyspark.sql import SparkSession

    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)
    table_key.make(where)
    table_key.compile_class(where)
    builder = SparkSession.builder.master("local[1]")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "2500m",
        "spark.driver.extraJavaOptions": "-Xss16m",
        "spark.log.level": "ERROR",
        "spark.sql.ansi.doubleQuotedIdentifiers": "true",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.session.timeZone": "Europe/London",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.sources.default": "parquet",
        "spark.sql.warehouse.dir": (where / "warehouse").as_uri(),
        **table_key.settings(where),
    }.items():
        builder = builder.config(name, value)
    # They log a failing statement whole.
    for name in gateway.WRITES_STATEMENTS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def ask(
    spark: Any, where: Path, connection: duckdb.DuckDBPyConnection, key_dir: Path, left_out: Iterable[str] = ()
) -> dict[str, tuple[str, str]]:
    """Of each unit test its status, and what dbt says of it.

    left_out   names of models whose unit tests are not asked
    """
    make_relations(spark, adapter.compiled(TARGET, where, ""), where, connection, key_dir)
    manifest, common = adapter.parsed(TARGET, where, "")
    adapt(manifest)
    ended = adapter.runner(manifest).invoke([
        "--quiet", "test", "--select", "test_type:unit", "--exclude", *left_out, *common,
    ])  # fmt: skip
    assert isinstance(ended.result, RunExecutionResult), ended.exception
    return {result.node.name: (str(result.status), result.message or "") for result in ended.result.results}


def adapt(manifest: ParsedManifest) -> None:
    """For the types of a model's columns dbt makes a view of it; the model's own relation says the same, and is there.

    A view is made with all steps written out where they are read: minutes for a model that nests them. Rows that a
    unit test gives in SQL are given in Spark's types.
    """
    materialization = manifest.macros["macro.dbt.materialization_unit_default"]
    for before, instead in INSTEAD:
        assert before in materialization.macro_sql
        materialization.macro_sql = materialization.macro_sql.replace(before, instead)
    for unit_test in manifest.unit_tests.values():
        said: list[Any] = [*unit_test.given, unit_test.expect]
        for rows in said:
            if rows.format == UnitTestFormat.SQL and isinstance(rows.rows, str):
                rows.rows = re.sub("|".join(TYPES), lambda name: TYPES[name[0]], rows.rows)


def make_relations(
    spark: Any, manifest: Manifest, where: Path, connection: duckdb.DuckDBPyConnection, key_dir: Path
) -> None:
    """Every relation that a model can read, by its own name; those of this run without rows."""
    handed = [table for table in tables.stored(connection) if cluster_command.is_handed(table, from_store=False)]
    tables.write(connection, handed, where / "loaded", table_key.read(where))
    for statement in tables.statements(where / "loaded"):
        spark.sql(statement)
    gateway.give_functions(spark, key_dir, COLLECTION, [])
    gateway.land(spark, SAMPLE, COLLECTION)
    for (name,) in spark.sql("show views").select("viewName").collect():
        schema, _, relation = name.partition("__")
        make_empty(spark, schema, relation, spark.table(name).schema)
    there = {table.on_spark for table in handed}
    for node in direct_build.models(manifest):
        if f"{node['schema']}.{node['name']}" not in there:
            make_empty(spark, node["schema"], node["name"], spark.sql(node["compiled_code"]).schema)


def make_empty(spark: Any, schema: str, name: str, types: Any) -> None:
    columns = ", ".join(f"cast(null as {field.dataType.simpleString()}) as `{field.name}`" for field in types)
    spark.sql(f"create schema if not exists {schema}")
    spark.sql(f"create view {schema}.{name} as select {columns} where false")


def main() -> None:
    where, store_dir, key_dir = map(Path, sys.argv[1:])
    with session(where) as spark, tables.open_store(store_dir, key_dir) as connection:
        found = ask(spark, where, connection, key_dir, NOT_ASKED)
    (where / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
