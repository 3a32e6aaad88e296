"""What may go wrong with a model, made from the syntax tree of its compiled SQL: one small change each.

comparison   turned round at its edge, or into its opposite
term         of a conjunction or disjunction, left out
when         a branch of a case, left out
filter       of an aggregate, left out
where        a condition that stands alone, left out; so with having and qualify
join         a left join made an inner one, or the other way round
exists       a semi join made an anti join, or the other way round
default      of a coalesce, left out
extreme      least made greatest, min made max, and the other way round
distinct     left out

A mutant is named by what it changes, not by where that stands, so that a list of mutants outlives the lines above.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

OTHER_EDGE = {exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT}
OPPOSITE = {
    exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.NullSafeEQ: exp.NullSafeNEQ, exp.NullSafeNEQ: exp.NullSafeEQ,
    exp.LT: exp.GTE, exp.GTE: exp.LT, exp.GT: exp.LTE, exp.LTE: exp.GT,
}  # fmt: skip
EXTREMES = {exp.Least: exp.Greatest, exp.Greatest: exp.Least, exp.Min: exp.Max, exp.Max: exp.Min}
LONGEST = 100
# A macro that is written out for one level after the other says the same often.
MOST_ALIKE = 2


@dataclass(frozen=True)
class Mutant:
    """One change of one model.

    kind   which of the changes above
    what   the piece of SQL that it changes, on one line; where a piece stands several times, with its number
    sql    the whole model with the change
    """

    model: str
    kind: str
    what: str
    sql: str

    def __str__(self) -> str:
        half = LONGEST // 2
        return (
            f"{self.kind}: {self.what if len(self.what) <= LONGEST else f'{self.what[:half]} ... {self.what[-half:]}'}"
        )


def mutants(model: str, sql: str) -> list[Mutant]:
    """All mutants of a model's compiled SQL, in the order of its text."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    times: Counter[tuple[str, str]] = Counter()
    found = []
    for kind, node, changed in changes(tree):
        what = on_one_line(node)
        times[kind, what] += 1
        if times[kind, what] > MOST_ALIKE:
            continue
        number = f" ({times[kind, what]})" if times[kind, what] > 1 else ""
        found.append(Mutant(model, kind, what + number, with_change(tree, node, changed)))
    return found


def with_change(tree: exp.Expression, node: exp.Expression, changed: exp.Expression | None) -> str:
    """The whole tree with one node as it is changed, or without it; the tree itself stays."""
    parent, key, index = node.parent, node.arg_key, node.index
    assert parent is not None and key is not None
    if changed is None:
        before = parent.args[key]
        parent.set(key, [each for each in before if each is not node] if isinstance(before, list) else None)
        text = tree.sql(dialect="duckdb")
        parent.set(key, before)
        return text
    node.replace(changed)
    text = tree.sql(dialect="duckdb")
    changed.replace(node)
    assert node.parent is parent and node.index == index
    return text


def changes(tree: exp.Expression) -> Iterator[tuple[str, exp.Expression, exp.Expression | None]]:
    """Of each mutant its kind, the node that it changes, and what the node becomes; None where it goes."""
    for node in list(tree.walk(bfs=False)):
        kind = type(node)
        if kind in OTHER_EDGE:
            yield "edge", node, OTHER_EDGE[kind](this=node.this.copy(), expression=node.expression.copy())
        if kind in OPPOSITE:
            yield "comparison", node, OPPOSITE[kind](this=node.this.copy(), expression=node.expression.copy())
        if isinstance(node.parent, exp.And | exp.Or) and not isinstance(node, type(node.parent)):
            yield "term", node, exp.true() if isinstance(node.parent, exp.And) else exp.false()
        if isinstance(node, exp.If) and isinstance(node.parent, exp.Case):
            if len(node.parent.args["ifs"]) > 1:
                yield "when", node, None
            else:
                yield "when", node.parent, (node.parent.args.get("default") or exp.null()).copy()
        if isinstance(node, exp.Filter):
            yield "filter", node, node.this.copy()
        if stands_alone(node):
            yield "where", node.this, exp.true()
        if isinstance(node, exp.Join):
            yield from changed_join(node)
        if isinstance(node, exp.Not) and isinstance(node.this, exp.Exists):
            yield "exists", node, node.this.copy()
        if isinstance(node, exp.Exists) and not isinstance(node.parent, exp.Not):
            yield "exists", node, exp.Not(this=node.copy())
        if isinstance(node, exp.Coalesce):
            yield "default", node, node.this.copy()
        if kind in EXTREMES:
            # a copy: a piece that is lent to another tree is no longer found in its own
            copy = node.copy()
            yield "extreme", node, EXTREMES[kind](**{key: copy.args.get(key) for key in ("this", "expressions")})
        if isinstance(node, exp.Select) and node.args.get("distinct"):
            yield "distinct", node.args["distinct"], None


def stands_alone(node: exp.Expression) -> bool:
    """Whether a clause has one condition, which is no term of another."""
    is_clause = isinstance(node, exp.Where | exp.Having | exp.Qualify) and not isinstance(node.parent, exp.Filter)
    return is_clause and not isinstance(node.this, exp.And)


def changed_join(join: exp.Join) -> Iterator[tuple[str, exp.Expression, exp.Expression | None]]:
    """Left and inner joins for each other; semi and anti joins for each other."""
    side, kind = (str(join.args.get(name) or "").upper() for name in ("side", "kind"))
    if not (join.args.get("on") or join.args.get("using")):
        return
    other = join.copy()
    if kind in ("SEMI", "ANTI"):
        other.set("kind", "ANTI" if kind == "SEMI" else "SEMI")
    elif side == "LEFT":
        other.set("side", None)
        other.set("kind", "INNER")
    elif side == "":
        other.set("side", "LEFT")
        other.set("kind", None)
    else:
        return
    yield "join", join, other


def on_one_line(node: exp.Expression) -> str:
    """A piece of SQL, without the names of databases and schemas, and without quotation marks round names."""
    text = re.sub(r'"\w+"\."\w+"\.("\w+")', r"\1", node.sql(dialect="duckdb", comments=False))
    return re.sub(r"\s+", " ", text.replace('"', ""))
