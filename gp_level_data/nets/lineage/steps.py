"""The sanctioned steps: the only expressions that may take more of an identifier than its equality.

One file a step in `sanctioned/`: what it yields and why it may, then the expression. In it a column
stands for any column that identifies what its table is named for (`person.number`;
`nobody.is_given` for one that identifies nobody). Only exactly this expression over bare columns is
the step; a changed macro is none until the file is changed with it, in sight of a reviewer.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp

from gp_level_data.nets.lineage.values import PSEUDONYM, Grade, Scope, Value, computed

# For a collection, and for a release.
MAKE_PSEUDONYMS = (PSEUDONYM, "release_pseudonym")

FOLDER = Path(__file__).parent / "sanctioned"
NOBODY = "nobody"
WORD = "word"
YEAR = "year"


@dataclass(frozen=True)
class Step:
    """A sanctioned step.

    yields  pseudonym; word, one of a few fixed ones or yes and no; year; else what it identifies
    """

    name: str
    yields: str
    reason: str
    expression: exp.Expr

    def value(self, node: exp.Expr, scope: Scope) -> Value | None:
        """What an expression is worth if it is this step; None if it is not."""
        bound: dict[str, exp.Column] = {}
        if not same(self.expression, node, bound):
            return None
        values = []
        for role, column in bound.items():
            value = scope.value(column.name.lower(), column.table.lower())
            identifies = role.split(".")[0]
            names_them = value.grade == Grade.IDENTIFIER and value.of == identifies
            if not (value.is_safe if identifies == NOBODY else names_them):
                return None
            values.append(value)
        result = computed(values)
        if self.yields == PSEUDONYM_YIELDED:
            return result.became(Grade.PSEUDONYM, PSEUDONYM)
        if self.yields in (WORD, YEAR):
            return result.became(Grade.SAFE, f"sanctioned: {self.name}")
        return result.became(Grade.IDENTIFIER, of=self.yields)

    def problem(self) -> str | None:
        """What makes the file itself a way out, if anything."""
        expression = self.expression
        if self.yields == PSEUDONYM_YIELDED:
            is_closed = isinstance(expression, exp.Anonymous) and expression.name in MAKE_PSEUDONYMS
            return None if is_closed else "a pseudonym comes from a keyed function and nothing else"
        if self.yields == WORD and not (says_fixed_words(expression) or asks_if_blank(expression)):
            return "a word is a CASE of fixed words without digits, or a comparison with ''"
        if self.yields == YEAR and not says_a_year(expression):
            return "a year is a CASE of nothing but year() between two years of four digits"
        return None


PSEUDONYM_YIELDED = "pseudonym"


def says_fixed_words(node: exp.Expr) -> bool:
    """Whether it is a CASE, each of whose results is a word written out."""
    if not isinstance(node, exp.Case):
        return False
    results = [branch.args["true"] for branch in node.args["ifs"]]
    results += [node.args["default"]] if node.args.get("default") else []
    return all(
        isinstance(result, exp.Literal) and result.is_string and not any(map(str.isdigit, result.name))
        for result in results
    )


def says_a_year(node: exp.Expr) -> bool:
    """Whether it is a year, and none where that would have more or fewer than four digits."""
    if not isinstance(node, exp.Case) or node.args.get("default") or len(node.args["ifs"]) != 1:
        return False
    [branch] = node.args["ifs"]
    limits, result = branch.this, branch.args["true"]
    return (
        isinstance(result, exp.Year)
        and isinstance(limits, exp.Between)
        and limits.this == result
        and all(
            isinstance(limit, exp.Literal) and limit.is_int and len(limit.name) == 4
            for limit in (limits.args["low"], limits.args["high"])
        )
    )


def asks_if_blank(node: exp.Expr) -> bool:
    """Whether it compares with the empty text, and so says no more than that there is something."""
    return isinstance(node, (exp.EQ, exp.NEQ)) and node.expression == exp.Literal.string("")


def same(step: object, node: object, bound: dict[str, exp.Column]) -> bool:
    """Whether two trees are the same but for the columns, which are bound to their roles."""
    if isinstance(step, exp.Column):
        if type(node) is not exp.Column or node.args.get("db") or node.is_star:
            return False
        role = f"{step.table}.{step.name}"
        return bound.setdefault(role, node) == node
    if isinstance(step, list):
        return (
            isinstance(node, list)
            and len(step) == len(node)
            and all(same(left, right, bound) for left, right in zip(step, node))
        )
    if not isinstance(step, exp.Expr) or not isinstance(node, exp.Expr):
        return step == node
    return type(step) is type(node) and all(
        same(step.args.get(name) or None, node.args.get(name) or None, bound)
        for name in step.args.keys() | node.args.keys()
    )


@functools.cache
def sanctioned() -> tuple[Step, ...]:
    """All steps, by name."""
    return tuple(read(path) for path in sorted(FOLDER.glob("*.sql")))


def read(path: Path) -> Step:
    """The step in a file: comments `yields: ...` and `reason: ...`, then the expression."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    yields, *reason = comments
    return Step(
        path.stem,
        yields.removeprefix("yields: "),
        " ".join(reason).removeprefix("reason: "),
        sqlglot.parse_one(sql, dialect="duckdb"),
    )
