"""What in a model's own words would mean something else on another engine, told from its syntax tree.

A model is rendered with each macro of macros/engine as a call of its name, so that what is left is what the model itself
says. That has to come out of sqlglot's translation from DuckDB to Spark as it went in; and what sqlglot does not know to
mean something else is refused by a rule of its own.
"""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import jinja2
import sqlglot
import yaml
from jinja2.runtime import Macro
from sqlglot import exp
from sqlglot.diff import Insert, Remove

from bench import engine_sql
from gp_level_data import releases

PROJECT = Path(__file__).resolve().parents[3]
# Arguments that are SQL; the others are patterns, separators, types.
OF_SQL = {
    "text", "value", "dividend", "divisor", "first_date", "last_date", "day", "months", "years", "digits", "end",
    "instant",
}  # fmt: skip
# Functions that both engines know by the same name, with the same meaning; whoever adds one tries it on both.
COMMON = {
    exp.Abs, exp.And, exp.AnyValue, exp.ArgMax, exp.Avg, exp.Case, exp.Cast, exp.Coalesce, exp.ConcatWs, exp.Count, exp.DenseRank,
    exp.Exists, exp.Floor, exp.Greatest, exp.If, exp.Lead, exp.Least, exp.Left, exp.Length, exp.LogicalAnd,
    exp.LogicalOr, exp.Lower, exp.Max, exp.Min, exp.Month, exp.Nullif, exp.Or, exp.Pad, exp.Pow, exp.Rank, exp.Replace,
    exp.Right, exp.Round, exp.RowNumber, exp.SplitPart, exp.Sqrt, exp.StrPosition, exp.Substring, exp.Sum,
    exp.TimestampTrunc, exp.DateTrunc, exp.Translate, exp.TryCast, exp.Upper, exp.Year,
}  # fmt: skip
OF_THE_RUN = {"pseudonymise", "release_pseudonym"}
SAME_TYPES = {
    exp.DataType.Type.BIGINT, exp.DataType.Type.INT, exp.DataType.Type.SMALLINT, exp.DataType.Type.DOUBLE,
    exp.DataType.Type.DECIMAL, exp.DataType.Type.DATE, exp.DataType.Type.BOOLEAN,
}  # fmt: skip

# The project's settings that macros count with; of the others any text will do.
SETTINGS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]


class Opaque(engine_sql.Adapter):
    """Each macro of an engine as a call: engine_trimmed(column)."""

    def dispatch(self, name: str) -> Callable[..., str]:
        macro = super().dispatch(name)
        assert isinstance(macro, Macro)

        def call(*given: object, **named: object) -> str:
            arguments = dict(zip(macro.arguments, given, strict=False)) | named
            sql = [str(arguments[each]) for each in macro.arguments if each in OF_SQL and name != "text_literal"]
            return f"engine_{name}({', '.join(sql)})"

        return call


def environment() -> jinja2.Environment:
    made = jinja2.Environment(extensions=["jinja2.ext.do"])
    made.globals |= {
        "adapter": Opaque(made.globals.get),
        "return": lambda value: value,
        "exceptions": engine_sql.Exceptions,
        "ref": lambda name: name,
        "source": lambda schema, name: f"{schema}__{name}",
        "var": lambda name, *_: SETTINGS.get(name, f"setting of {name}".replace("_", " ")),
        "config": lambda **_: "",
        "doc": lambda name: name,
        "execute": False,
        "target": {"name": "warehouse"},
        "flags": {"INTROSPECT": False},
        "release_rules": lambda: {seed: releases.rows_of(seed) for seed in releases.RULES},
        "refuse_release": lambda *_: "",
    }
    paths = sorted((PROJECT / "macros").rglob("*.sql"))
    texts = [
        path.read_text() for path in paths if path.stem not in ("collect_freshness", "refuse_release", "release_rules")
    ]
    module = made.from_string("".join(texts)).module
    made.globals |= {name: macro for name, macro in vars(module).items() if not name.startswith("_")}
    return made


@functools.cache
def models() -> dict[str, str]:
    """Every model's own words, by its name."""
    made = environment()
    return {
        path.stem: made.from_string(path.read_text()).render().strip()
        for path in sorted((PROJECT / "models").rglob("*.sql"))
    }


def complaints(sql: str, columns: dict[str, list[str]] | None = None) -> list[str]:
    """What of a statement would be something else on another engine.

    columns  the columns of the relations that it reads, by their names, as far as they are known
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    found = {complaint for node in tree.walk() for complaint in of_node(node)}
    found |= {f"brings {name}, which a * brings already" for name in names_brought_twice(tree, columns or {})}
    found |= set(translated_differently(sql))
    return sorted(found)


def of_node(node: exp.Expr) -> Iterator[str]:
    """Rules for what translation does not tell."""
    if isinstance(node, exp.Trim):
        yield "trims by itself: engines know other blanks, and turn arguments round (macro trimmed, without_last)"
    elif isinstance(node, exp.Window) and isinstance(node.this, exp.Filter):
        yield "filters a window (case when)"
    elif isinstance(node, exp.Literal) and node.is_string and set(node.this) & {"'", "\\"}:
        yield "has a quotation mark or a backslash in a literal (macro text_literal, or one for patterns)"
    elif isinstance(node, exp.Cast) and node.to.this not in SAME_TYPES:
        yield f"casts to {node.to.sql('duckdb').lower()}, which is called or meant otherwise (macros to_text, to_instant)"
    elif isinstance(node, exp.Div) and any(is_decimal(each) for each in node.find_all(exp.Literal)):
        yield "divides decimals, whose quotients engines round differently (1e2 is a double)"
    elif isinstance(node, exp.Star) and any(node.args.get(each) for each in ("except_", "except", "replace", "rename")):
        yield "takes columns out of a *, which engines lack"
    elif isinstance(node, exp.Qualify):
        yield "has a QUALIFY, which engines lack (a subquery)"
    elif isinstance(node, exp.Anonymous):
        name = node.name.lower()
        if not name.startswith("engine_") and name not in OF_THE_RUN:
            yield f"calls {name}, which is of one engine"
    elif isinstance(node, exp.Func) and type(node) not in COMMON and not isinstance(node, exp.Connector):
        yield f"calls {node.sql_name().lower()}, which no table of cases covers on both engines"


def is_decimal(literal: exp.Literal) -> bool:
    return not literal.is_string and "." in literal.this and "e" not in literal.this.lower()


def translated_differently(sql: str) -> Iterator[str]:
    """Where sqlglot says it in other words on Spark; the order of a table's rows is nobody's answer."""
    try:
        meant, said = (
            without_order(sqlglot.parse_one(sql, read=engine)).sql("spark") for engine in ("duckdb", "spark")
        )
    except sqlglot.errors.SqlglotError:
        yield "cannot be read as Spark's SQL"
        return
    if meant != said:
        before, after = (sqlglot.parse_one(each, read="spark") for each in (said, meant))
        for edit in sqlglot.diff(before, after, delta_only=True):
            node = edit.expression if isinstance(edit, Insert | Remove) else edit.target
            if isinstance(node, exp.Ordered):
                yield "orders a window by what may be NULL without saying where NULL stands (nulls last)"
            elif not isinstance(node, exp.Alias | exp.Window):
                yield f"means something else on Spark: {type(node).__name__.lower()}"


def without_order(tree: exp.Expr) -> exp.Expr:
    for query in (tree, *(cte.this for cte in tree.find_all(exp.CTE))):
        if isinstance(query, exp.Query) and not query.args.get("limit"):
            query.set("order", None)
    return tree


def names_brought_twice(tree: exp.Expr, columns: dict[str, list[str]]) -> Iterator[str]:
    """Names that a select brings beside a * that has them: engines differ in which one is meant."""
    known = dict(columns)
    for cte in tree.find_all(exp.CTE):
        known[cte.alias] = columns_of(cte.this, known)
    for select in tree.find_all(exp.Select):
        starred = [name for each in select.expressions for name in brought_by_star(each, select, known)]
        for each in select.expressions:
            if each.alias_or_name in starred and not is_star(each):
                yield each.alias_or_name


def columns_of(query: exp.Expr, known: dict[str, list[str]]) -> list[str]:
    """The columns of a query's result, as far as they can be told."""
    while isinstance(query, exp.SetOperation):
        query = query.left
    if not isinstance(query, exp.Select):
        return []
    names: list[str] = []
    for each in query.expressions:
        names += brought_by_star(each, query, known) if is_star(each) else [each.alias_or_name]
    return names


def is_star(expression: exp.Expr) -> bool:
    return isinstance(expression, exp.Star) or (
        isinstance(expression, exp.Column) and isinstance(expression.this, exp.Star)
    )


def brought_by_star(expression: exp.Expr, select: exp.Select, known: dict[str, list[str]]) -> list[str]:
    if not is_star(expression):
        return []
    tables = [select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or [])]
    sources = [each.this for each in tables if each is not None]
    of = expression.table if isinstance(expression, exp.Column) else ""
    return [
        name
        for source in sources
        if not of or source.alias_or_name == of
        for name in (columns_of(source.this, known) if isinstance(source, exp.Subquery) else known.get(source.name, []))
    ]


@functools.cache
def columns_of_models() -> dict[str, list[str]]:
    """The columns of every model, those first that others read."""
    known: dict[str, list[str]] = {}
    for _ in range(2):
        for name, sql in models().items():
            tree = sqlglot.parse_one(sql, read="duckdb")
            inside = dict(known)
            for cte in tree.find_all(exp.CTE):
                inside[cte.alias] = columns_of(cte.this, inside)
            known[name] = columns_of(tree, inside)
    return known
