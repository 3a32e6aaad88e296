"""The gateway run on a cluster: an application of its own, with the raw files and the key, that nobody else can reach.

Raw files are parsed by the same reader as on one machine, a file a task, so that a broken line is the same line; every
model after it is Spark's SQL. What is identifiable is held in the executors' memory, their spill encrypted, and ends
with the application. Stored are pseudonymised tables and counts, as Parquet files of the folder that the analyst's run
is given.
"""

import functools
import logging
import os
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow

from gp_level_data import releases
from gp_level_data.cluster import adapter, checks, daemons, data_tests
from gp_level_data.custody import keys, proof, pseudonym, store
from gp_level_data.nets import Finding
from gp_level_data.project import PROJECT, read_settings
from gp_level_data.raw import landing, ndop_files
from gp_level_data.raw.landing import look, relations
from gp_level_data.raw.landing.find import RawFile
from gp_level_data.refusal import stopped
from gp_level_data.runs import gateway
from gp_level_data.runs.progress import Stage
from gp_level_data.shapes import Manifest, Node

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# pyspark writes a failing statement to its log whole, and a failing value may stand in what a cast says.
WRITES_STATEMENTS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
TASKS_A_CORE = 4


def run(raw_dir: Path, key_dir: Path, where: Path, variables: str = "", stage: Stage | None = None) -> list[str]:
    """Build the gateway's models into a folder of Parquet files; the names of those that are stored there.

    A Refusal for code that the nets have not read, before a key or a raw file is opened; and at the end where intake
    says that the run may not stand, or a data test does not hold of what ends with the run.
    """
    proof.require(key_dir, PROJECT, gateway.PACKAGE)
    settings = read_settings(variables)
    gateway.check_run(raw_dir, key_dir, settings)
    collection = settings["collection"]
    active = releases.active_ids(collection, releases.day_of(settings))
    for name in (collection, *active):
        keys.read_key(key_dir, name)
    manifest = adapter.compiled(
        adapter.thrift_target("127.0.0.1", 1), where / "dbt-gateway", variables, data_tests.unstored
    )
    spark = session(where)
    try:
        give_functions(spark, key_dir, collection, active)
        land(spark, raw_dir, collection)
        stored = build(spark, manifest, where / "loaded", stage or Stage("gateway run"))
        judge(spark)
        checks.refuse(ask_data_tests(spark, manifest))
        return stored
    finally:
        spark.stop()


def session(where: Path) -> "SparkSession":
    """A session of the cluster, by its settings; never the one of the Thrift server."""
    for name in WRITES_STATEMENTS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    from pyspark.sql import SparkSession

    os.environ.update(
        SPARK_LOCAL_IP=daemons.HOST, PYSPARK_PYTHON=sys.executable,
        PYSPARK_SUBMIT_ARGS=f"--properties-file {where / 'spark.conf'} pyspark-shell",
    )  # fmt: skip
    builder = SparkSession.builder.appName("gateway")
    for name, value in {
        "spark.ui.port": str(daemons.Ports.chosen().driver_page + 1),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.executorEnv.PYTHONPATH": os.pathsep.join([str(PROJECT), *(path for path in sys.path if path)]),
        "spark.log.level": "ERROR",
    }.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


# ---- the key ----------------------------------------------------------------------------------------


@functools.cache
def pseudonymiser(key_dir: str, collection: str) -> Callable[[pyarrow.Array], pyarrow.Array]:
    """On an executor: the function that holds the key, read there from the secrets that are mounted there."""
    return pseudonym.pseudonymiser(keys.read_key(Path(key_dir), collection), collection)


@functools.cache
def release_pseudonymiser(
    key_dir: str, names: tuple[str, ...]
) -> Callable[[pyarrow.Array, pyarrow.Array], pyarrow.Array]:
    return pseudonym.release_pseudonymiser({name: keys.read_key(Path(key_dir), name) for name in names})


def give_functions(spark: "SparkSession", key_dir: Path, collection: str, active: list[str]) -> None:
    """Register the functions that make pseudonyms. What travels is where a secret is mounted, never a key."""
    import pandas
    from pyspark.sql.functions import pandas_udf

    mounted, names = str(key_dir.resolve()), tuple(sorted(active))

    def pseudonymise(numbers: pandas.Series) -> pandas.Series:
        from gp_level_data.cluster.gateway import pseudonymiser

        made = pseudonymiser(mounted, collection)(pyarrow.array(numbers, pyarrow.string()))
        return pandas.Series(made.to_pylist(), dtype=object)

    def release_pseudonym(ids: pandas.Series, numbers: pandas.Series) -> pandas.Series:
        from gp_level_data.cluster.gateway import release_pseudonymiser

        columns = (pyarrow.array(each, pyarrow.string()) for each in (ids, numbers))
        return pandas.Series(release_pseudonymiser(mounted, names)(*columns).to_pylist(), dtype=object)

    spark.udf.register("pseudonymise", pandas_udf(pseudonymise, "string"))
    spark.udf.register("release_pseudonym", pandas_udf(release_pseudonym, "string"))


# ---- raw files --------------------------------------------------------------------------------------


def land(spark: "SparkSession", raw_dir: Path, collection: str) -> None:
    """The schema `landing` as temporary views, the relations of raw files read where they are asked for."""
    files = relations.look_at_all(raw_dir, collection)
    look.refuse_without_national_files(files)
    for kind in landing.file_kinds(collection):
        accepted = [file for file in files if file.kind == kind and file.refused_rule is None]
        view(read_by_executors(spark, kind, accepted), "landing", kind.relation)
    with duckdb.connect() as connection:
        # What was found of the files, and the small files of the exchange of National Data Opt-outs.
        create_small_relations(connection, raw_dir, files)
        names = connection.execute("select table_name from information_schema.tables where table_schema = 'landing'")
        for (name,) in names.fetchall():
            rows = connection.execute(f"from landing.{name}").to_arrow_table()
            view(spark.createDataFrame(rows), "landing", name)


def create_small_relations(connection: duckdb.DuckDBPyConnection, raw_dir: Path, files: list[RawFile]) -> None:
    connection.execute("create schema landing")
    relations.create_facts(connection, raw_dir, files)
    ndop_files.create_relations(connection, raw_dir)


def read_by_executors(spark: "SparkSession", kind: landing.FileKind, files: list[RawFile]) -> "DataFrame":
    """A relation of raw files, one file a task; all columns text, but the place of a row."""
    with duckdb.connect() as connection:
        described = connection.execute(f"describe {relations.relation_sql(connection, kind, [])}").fetchall()
    schema = ", ".join(f"`{name}` {'bigint' if 'INT' in of_type else 'string'}" for name, of_type, *_ in described)
    given = spark.createDataFrame([(pickle.dumps(file),) for file in files], "file binary")
    tasks = max(1, min(len(files), TASKS_A_CORE * spark.sparkContext.defaultParallelism))
    # Read once: several models ask for each kind of file.
    return given.repartition(tasks).mapInArrow(rows_of_files, schema).persist()


def rows_of_files(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    """On an executor: the rows of the files of a task, by the reader of one machine."""
    for batch in batches:
        for pickled in batch.column(0).to_pylist():
            file = pickle.loads(pickled)
            with duckdb.connect(config={"threads": 1}) as connection:
                select = relations.relation_sql(connection, file.kind, [file])
                for made in connection.execute(select).to_arrow_reader(10_000):
                    yield pyarrow.RecordBatch.from_arrays(
                        [as_text(column) for column in made.columns], made.schema.names
                    )


def as_text(column: pyarrow.Array) -> pyarrow.Array:
    return column.cast(pyarrow.int64() if pyarrow.types.is_integer(column.type) else pyarrow.string())


# ---- models -----------------------------------------------------------------------------------------


def build(spark: "SparkSession", manifest: Manifest, to: Path, stage: Stage) -> list[str]:
    """Every model of the gateway run, in the order in which they read each other."""
    nodes = manifest["nodes"]
    for node in nodes.values():
        if node["resource_type"] == "seed":
            view(seed_rows(spark, node), node["schema"], node["name"])
    for folder in sorted(place for place in to.glob("*/*") if place.is_dir()):
        # What earlier runs are remembered by, as it was handed over.
        view(spark.read.parquet(folder.as_uri()), folder.parent.name, folder.name)
    known = known_in(manifest)
    stored, ordered = [], in_order(nodes)
    stage.has_steps(len(ordered))
    for node in ordered:
        stage.at_work = node["name"]
        made = spark.sql(with_views(node["compiled_code"], known))
        if is_stored(node):
            place = to / node["schema"] / node["name"]
            # Files of the size that the engine asks for: one of a small table, and of a large one as many as it takes.
            made.hint("rebalance").write.mode("overwrite").parquet(place.as_uri())
            made = spark.read.schema(made.schema).parquet(place.as_uri())
            stored.append(f"{node['schema']}.{node['name']}")
        elif node["config"]["materialized"] == "table":
            made = held(spark, made)
        view(made, node["schema"], node["name"])
        stage.done.add(node["name"])
    return stored


def known_in(manifest: Manifest) -> set[str]:
    """Every relation that a statement can name, as <schema>.<name>."""
    nodes, sources = manifest["nodes"].values(), manifest["sources"].values()
    of_store = {f"{node['schema']}.{node.get('identifier') or node['name']}" for node in sources}
    return of_store | {f"{node['schema']}.{node['name']}" for node in nodes if "schema" in node}


def ask_data_tests(spark: "SparkSession", manifest: Manifest) -> list[Finding]:
    """Data tests that do not hold, of those that read what ends with this application."""
    known, found = known_in(manifest), []
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("compiled_code"):
            failing = with_views(node["compiled_code"], known)
            [(count,)] = spark.sql(f"select count(*) from (\n{failing}\n) as failing").collect()
            found += [data_tests.finding(node, data_tests.DOES_NOT_HOLD)] if count else []
    return found


def judge(spark: "SparkSession") -> None:
    """What the macro check_intake is on one machine: a Refusal, in the words of intake, of what may not stand."""
    for (sentence,) in spark.sql(checks.first_refusal(name_of_view(*checks.JUDGE_OF_GATEWAY))).collect():
        raise stopped(sentence)


def held(spark: "SparkSession", rows: "DataFrame") -> "DataFrame":
    """Rows of patients that several models read: in memory, what does not fit encrypted; of a lost executor made again.

    Who reads them sees rows and not how they were made: else each plan holds those of all tables before it, and the
    driver plans longer than the executors work. Spark has no public call for that but one that gives up making lost
    rows again (`localCheckpoint`); this is what that one does with the rows.
    """
    from pyspark.sql.classic.dataframe import DataFrame

    made = rows.persist()._jdf
    cut = spark._jsparkSession.internalCreateDataFrame(made.queryExecution().toRdd(), made.schema(), False)
    return DataFrame(cut, spark)


def is_stored(node: Node) -> bool:
    """Whether a model outlives the run: a table of one of the store's databases, which its settings name.

    The node itself names none on Spark, whose adapter knows no databases.
    """
    return node["config"]["materialized"] == "table" and node["config"].get("database") in store.OF_A_RUN


def in_order(nodes: dict[str, Node]) -> list[Node]:
    """The gateway's models, each after those that it reads."""
    ordered: dict[str, Node] = {}

    def visit(name: str) -> None:
        node = nodes.get(name)
        if node is None or name in ordered or node["resource_type"] != "model":
            return
        for upstream in node["depends_on"]["nodes"]:
            visit(upstream)
        ordered[name] = node

    for name, node in nodes.items():
        if node["original_file_path"].startswith(adapter.BORDER):
            visit(name)
    return list(ordered.values())


def with_views(sql: str, known: set[str]) -> str:
    """A statement that reads temporary views: they have names of one part."""
    return re.sub(
        r"(?<![\w.`])`?(\w+)`?\.`?(\w+)`?",
        lambda found: name_of(found) if f"{found[1]}.{found[2]}" in known else found[0],
        sql,
    )


def name_of(found: re.Match[str]) -> str:
    return name_of_view(found[1], found[2])


def name_of_view(schema: str, name: str) -> str:
    return f"{schema}__{name}"


def view(rows: "DataFrame", schema: str, name: str) -> None:
    rows.createOrReplaceTempView(name_of_view(schema, name))


def seed_rows(spark: "SparkSession", node: Node) -> "DataFrame":
    """The rows of a seed: types of its settings, whole numbers and truths as dbt infers them on one machine."""
    path = store.sql_text(PROJECT / node["original_file_path"])
    types = {name: str(kind) for name, kind in (node["config"].get("column_types") or {}).items()}
    with duckdb.connect() as connection:
        found = dict(row[:2] for row in connection.execute(f"describe {seed_sql(path, types)}").fetchall())
        # What dbt takes for a truth is written as one; yes and no are words.
        for name, kind in found.items():
            if kind == "BOOLEAN" and name not in types and not says_truth(connection, path, name):
                types[name] = "varchar"
            elif kind == "BIGINT" and name not in types:
                types[name] = "integer"
        return spark.createDataFrame(connection.execute(seed_sql(path, types)).to_arrow_table())


def seed_sql(path: str, types: dict[str, str]) -> str:
    given = f", types = {{{', '.join(f'{name!r}: {kind!r}' for name, kind in types.items())}}}" if types else ""
    return f"from read_csv('{path}', header = true, nullstr = '', quote = '\"', escape = '\"'{given})"


def says_truth(connection: duckdb.DuckDBPyConnection, path: str, name: str) -> bool:
    """Whether a column of a file says true and false, and nothing else."""
    query = f"select count(*) from read_csv('{path}', header = true, all_varchar = true)"
    [(others,)] = connection.execute(f"{query} where lower(\"{name}\") not in ('true', 'false')").fetchall()
    return bool(others == 0)
