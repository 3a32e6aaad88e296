"""The core work in Spark, on this machine: one Java process, two tasks at a time, workers that make pseudonyms.

What travels to a worker, and stands in a plan, is where the key lies; each worker reads it there.
"""

import functools
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow

from gp_level_data.cluster import daemons
from gp_level_data.custody import keys
from gp_level_data.custody.pseudonym import pseudonymiser
from gp_level_data.project import PROJECT

from . import by_hand, machine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCRIPT = Path(__file__).with_suffix(".sql")
# Held once made: of a cached table with pseudonyms Spark makes them again for each that reads it.
HELD = re.compile(r"\s*create table (?P<name>\w+) as\s(?P<query>.*)", re.DOTALL)


def version() -> str | None:
    """The version of Spark; nothing where it or Java is not installed."""
    has_both = importlib.util.find_spec("pyspark") is not None and daemons.java_command() is not None
    return machine.version("pyspark") if has_both else None


def done(raw: Path, work: Path) -> tuple[int, int, int, list[tuple[Any, ...]]]:
    """Patients, those of several practices among them, admissions, and every count of every GP."""
    with session(work) as spark:
        for view, pattern in by_hand.SENT.items():
            files = [str(path) for path in sorted(raw.glob(pattern))]
            spark.read.csv(files, header=view not in by_hand.WITHOUT_HEADER, escape='"').createOrReplaceTempView(view)
        give_pseudonymise(spark, work)
        statements = "".join(line for line in SCRIPT.open() if not line.startswith("--")).split(";")
        for statement in filter(str.strip, statements):
            if held := HELD.fullmatch(statement):
                spark.sql(held["query"]).localCheckpoint().createOrReplaceTempView(held["name"])
            else:
                spark.sql(statement)
        [totals] = spark.table("totals").collect()
        return (*totals, [tuple(row) for row in spark.table("by_gp").collect()])


@functools.cache
def pseudonymiser_of(key_dir: str) -> Callable[[pyarrow.Array], pyarrow.Array]:
    """Of a worker, which reads the key once."""
    return pseudonymiser(keys.read_key(Path(key_dir), by_hand.COLLECTION), by_hand.COLLECTION)


def give_pseudonymise(spark: "SparkSession", key_dir: Path) -> None:
    import pandas
    from pyspark.sql.functions import pandas_udf

    where = str(key_dir.resolve())

    def pseudonymise(numbers: pandas.Series) -> pandas.Series:
        made = pseudonymiser_of(where)(pyarrow.array(numbers, pyarrow.string()))
        return pandas.Series(made.to_pylist(), dtype=object)

    spark.udf.register("pseudonymise", pandas_udf(pseudonymise, "string"))


@contextmanager
def session(work: Path) -> Iterator["SparkSession"]:
    """A session whose Java process ends with it, and is waited for, so that what it took counts as this process's."""
    from pyspark.sql import SparkSession

    os.environ.update(SPARK_LOCAL_IP=daemons.HOST, PYSPARK_PYTHON=sys.executable, PYTHONPATH=python_path())
    builder = SparkSession.builder.appName("peer").master("local[2]")
    for name, value in {
        "spark.driver.memory": "4g",
        "spark.local.dir": str(work / "spill"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": (work / "warehouse").as_uri(),
        "spark.sql.ansi.enabled": "true",
        # Two tasks at a time: each shuffle in a few, and small files many to a task.
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.files.openCostInBytes": "65536",
    }.items():
        builder = builder.config(name, value)
    with silence():
        spark = builder.getOrCreate()
    gateway = spark.sparkContext._gateway
    try:
        yield spark
    finally:
        spark.stop()
        gateway.shutdown()
        # the end of its input is the end of the process
        gateway.proc.stdin.close()
        gateway.proc.wait()


@contextmanager
def silence() -> Iterator[None]:
    """What starts meanwhile says nothing, then and later: Spark's log repeats statements and values."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def python_path() -> str:
    """Where a worker finds what this process finds."""
    return os.pathsep.join([str(PROJECT), *(path for path in sys.path if path)])
