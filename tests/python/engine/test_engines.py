"""One set of models, two engines: what they spell or mean differently is answered alike.

The tables of engine_cases.py are asked of DuckDB always, and of Spark where pyspark and Java are installed.
"""

import datetime
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pytest

from bench import engine_sql
from conftest import needs_spark
from engine.engine_cases import QUERIES, TABLES, Table
from gp_level_data.shapes import Cells

SPARK = pytest.param("spark", marks=needs_spark)
ENGINES = ["duckdb", SPARK]
# An engine, a query over {rows}, the types of their columns by name, and the rows; what the engine answers.
Ask = Callable[[str, str, dict[str, str], Sequence[Cells]], list[Cells]]
# What brings an answer of its kind into a form that both engines' drivers hand over alike.
AS_ANSWER = {
    ("duckdb", "instant"): "epoch_us({})",
    ("spark", "instant"): "unix_micros({})",
    ("duckdb", "clock"): "cast({} as varchar)",
    ("spark", "clock"): "cast({} as string)",
    ("duckdb", "day"): "cast({} as varchar)",
    ("spark", "day"): "cast({} as string)",
}


@pytest.fixture(scope="module")
def spark() -> Any:
    from pyspark.sql import SparkSession

    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "700m",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "Europe/London",
        "spark.sql.ansi.enabled": "true",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    # They log a failing statement whole.
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def embedded() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set timezone = 'Europe/London'")
        yield connection


@pytest.fixture
def ask(request: pytest.FixtureRequest) -> Ask:
    """A function that asks an engine: the rows of a query over given rows."""

    def asked(engine: str, query: str, columns: dict[str, str], rows: Sequence[Cells]) -> list[Cells]:
        given = written(engine, columns, rows)
        statement = query.replace("{rows}", given)
        if engine == "spark":
            return [tuple(row) for row in request.getfixturevalue("spark").sql(statement).collect()]
        connection: duckdb.DuckDBPyConnection = request.getfixturevalue("embedded")
        return connection.execute(statement).fetchall()

    return asked


def written(engine: str, columns: dict[str, str], rows: Sequence[Cells]) -> str:
    """Rows as SQL: nothing but literals, so that no driver has a say in their types."""
    selects = []
    for number, row in enumerate(rows):
        values = [literal(engine, value, kind) for value, kind in zip(row, columns.values(), strict=True)]
        named = ", ".join(f"{value} as {name}" for value, name in zip(values, columns, strict=True))
        selects.append(f"select {number} as row_number_of_case, {named}")
    return " union all ".join(selects)


def literal(engine: str, value: object, kind: str) -> str:
    if engine == "spark" and kind == "timestamptz":
        kind = "timestamp"
    if value is None:
        return f"cast(null as {kind})"
    if isinstance(value, str):
        # by code point, so that the literal itself is no case
        parts = "||".join(f"chr({ord(letter)})" for letter in value) if engine == "duckdb" else spark_text(value)
        return f"cast({parts or chr(39) * 2} as {kind})"
    return f"cast({str(value).lower()} as {kind})"


def spark_text(value: str) -> str:
    return f"decode(unhex('{value.encode().hex()}'), 'UTF-8')" if value else "''"


def expected(answer: object, kind: str) -> object:
    if kind == "instant" and answer is not None:
        assert isinstance(answer, str)
        moment = datetime.datetime.fromisoformat(answer)
        return (moment - datetime.datetime.fromtimestamp(0, datetime.UTC)) // datetime.timedelta(microseconds=1)
    return answer


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.call)
def test_an_engine_answers_every_case_of_a_macro(ask: Ask, engine: str, table: Table) -> None:
    call = table.call.strip("'") if table.call.startswith("'") else engine_sql.render(table.call, engine)
    answer = AS_ANSWER.get((engine, table.kind), "{}").format(call)
    rows = [row[:-1] for row in table.rows]
    got: dict[int, object] = dict(
        ask(engine, f"select row_number_of_case, {answer} as answer from ({{rows}}) as given", table.columns, rows)
    )
    wrong = {
        str(row[:-1]): (got[number], row[-1])
        for number, row in enumerate(table.rows)
        if got[number] != expected(row[-1], table.kind)
    }
    assert not wrong


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", QUERIES)
def test_an_engine_answers_a_query_over_several_rows(ask: Ask, engine: str, name: str) -> None:
    query, columns, rows, answer = QUERIES[name]
    template = query.replace("{rows}", "@rows@")
    statement = engine_sql.renderer(engine).from_string(template).render().replace("@rows@", "{rows}")
    assert set(ask(engine, statement, columns, rows)) == answer
