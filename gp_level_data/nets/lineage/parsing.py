"""From SQL text to a tree that can be trusted: the engine's own parser must find the same in it.

The proof walks sqlglot's tree, and another program runs the SQL. So what sqlglot understood is
written out again, and DuckDB must find in it the same columns, tables and clauses, one after the
other, as in the original.
"""

import functools
import json
import re
from collections.abc import Iterator

import duckdb
import sqlglot
from sqlglot import exp

from gp_level_data.nets.lineage.values import NotUnderstood
from gp_level_data.shapes import Document

ROWS_OF_NUMBERS = {"range", "generate_series", "unnest"}
READS_OTHERWISE = re.compile(r"\bquery(?:_table)?\s*\(|\b(?:read_\w+|glob|parquet_\w+)\s*\(", re.IGNORECASE)
CLAUSES = {
    "select_list", "from_table", "where_clause", "group_expressions", "having", "qualify",
    "cte_map", "partitions", "orders", "filter", "modifiers", "condition", "using_columns",
    "subquery", "alias",
}  # fmt: skip
NAMES = {"column_names", "table_name", "schema_name", "join_type", "ref_type", "setop_type"}


@functools.lru_cache(maxsize=1024)
def parse(sql: str) -> exp.Expr:
    """The one statement in a text; not to be changed."""
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
        if len(statements) != 1 or statements[0] is None:
            raise NotUnderstood("several statements")
        written_again = statements[0].sql(dialect="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError):
        # The parser's own message quotes the SQL.
        raise NotUnderstood("SQL at which the parser stops") from None
    if as_the_engine_reads(sql) != as_the_engine_reads(written_again):
        raise NotUnderstood("SQL that the engine reads otherwise")
    return statements[0]


def tables_read(sql: str) -> set[tuple[str, str, str]]:
    """Database, schema and name, as far as they are given, of every table in a query.

    By the engine's parser or, where that writes none out, by sqlglot's. NotUnderstood where it reads something that is
    no table: a file, a function, text that is run.
    """
    if READS_OTHERWISE.search(sql):
        raise NotUnderstood("a table that is named by a text")
    read = serialized(sql)
    if not read["error"]:
        nodes = list(objects(read["statements"]))
        if any(node.get("type") == "TABLE_FUNCTION" and called(node) not in ROWS_OF_NUMBERS for node in nodes):
            raise NotUnderstood("a function as a table")
        return set(tables_below(read["statements"], frozenset()))
    try:
        [tree] = sqlglot.parse(sql, dialect="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError, ValueError):
        raise NotUnderstood("SQL at which the parsers stop") from None
    if tree is None:
        raise NotUnderstood("no statement at all")
    tables = list(tree.find_all(exp.Table))
    if any(not isinstance(table.this, exp.Identifier) for table in tables):
        raise NotUnderstood("a function as a table")
    return {
        (table.catalog.lower(), table.db.lower(), table.name.lower())
        for table in tables
        if table.db or not is_step(table)
    }


def tables_below(part: object, steps: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """The tables in a part of the engine's tree, where these steps of WITH are known.

    A step is known to those behind it, and to its own query alone: elsewhere its name is a table's.
    """
    for each in part if isinstance(part, list) else ():
        yield from tables_below(each, steps)
    if not isinstance(part, dict):
        return
    if part.get("type") == "RECURSIVE_CTE_NODE":
        steps |= {part["cte_name"].lower()}
    for entry in (part.get("cte_map") or {}).get("map", []):
        yield from tables_below(entry["value"], steps)
        steps |= {entry["key"].lower()}
    if part.get("type") == "BASE_TABLE":
        database, schema, name = (part[f"{each}_name"].lower() for each in ("catalog", "schema", "table"))
        if schema or name not in steps:
            yield database, schema, name
    yield from tables_below([below for name, below in part.items() if name != "cte_map"], steps)


def is_step(table: exp.Table) -> bool:
    """Whether a name without a schema is that of a step that is known where it stands."""
    name = table.name.lower()
    inner: exp.Expr = table
    around = table.parent
    while around:
        steps = around.expressions if isinstance(around, exp.With) else []
        if not isinstance(around, exp.With) and (known := around.args.get("with_")) and known is not inner:
            steps = known.expressions
        elif steps and not around.args.get("recursive"):
            steps = steps[: next(at for at, step in enumerate(steps) if step is inner)]
        if name in (step.alias.lower() for step in steps):
            return True
        inner, around = around, around.parent
    return False


def objects(part: object) -> Iterator[Document]:
    """Every object below a part of a document."""
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from objects(each)


def serialized(sql: str) -> Document:
    """What the engine's parser makes of a text, as JSON."""
    [(text,)] = engine().cursor().execute("select json_serialize_sql(?)", [sql]).fetchall()
    read: Document = json.loads(text)
    return read


def called(node: Document) -> str:
    return str((node.get("function") or {}).get("function_name", ""))


@functools.cache
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def as_the_engine_reads(sql: str) -> list[str]:
    """The names and clauses that DuckDB's parser finds in a query, in order."""
    read = serialized(sql)
    if read["error"]:
        raise NotUnderstood("a statement that is no query")
    return list(skeleton(read["statements"]))


def skeleton(part: object) -> Iterator[str]:
    """The names and clauses below a part of DuckDB's tree, without the names of functions."""
    if isinstance(part, list):
        for each in part:
            yield from skeleton(each)
    if isinstance(part, dict):
        if part.get("class") == "STAR":
            yield "*"
        for name, below in part.items():
            if name in NAMES and below:
                yield f"{name}: {below}".lower()
            elif below:
                if name in CLAUSES:
                    yield f"{name}: {below}".lower() if name == "alias" else name
                yield from skeleton(below)
