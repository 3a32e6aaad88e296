"""What an expression is worth: which identifiers its value depends on, and how."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from sqlglot import exp

from gp_level_data.nets.lineage import functions
from gp_level_data.nets.lineage.steps import sanctioned
from gp_level_data.nets.lineage.values import (
    COUNT,
    EQUALITY,
    PRESENCE,
    PSEUDONYM,
    Grade,
    NotUnderstood,
    Relation,
    Rows,
    Scope,
    Value,
    computed,
    joined,
    one_of,
)
from gp_level_data.nets.spelling import passes_modulus_11

# Functions of this project, which are no one's but a sanctioned step's.
NAMED = (PSEUDONYM, "release_pseudonym")
TEN_DIGITS = re.compile(r"(?<![0-9])[0-9]{10}(?![0-9])")


def only(node: exp.Expr, *names: str) -> None:
    """Refuse a node with any part but those that the caller looks at."""
    for name, part in node.args.items():
        if part and name not in names:
            raise NotUnderstood(f"{type(node).__name__} with {name.strip('_')}")


class Expressions(ABC):
    """Evaluates expressions; the subclass evaluates the queries inside them."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.steps_taken: set[str] = set()

    @abstractmethod
    def query(self, node: exp.Expr, outer: Scope | None) -> Relation:
        """The worth of a query inside an expression."""

    def value(self, node: exp.Expr, scope: Scope) -> Value:
        """The worth of an expression. Raises NotUnderstood for anything unknown."""
        for step in sanctioned():
            value = step.value(node, scope)
            if value:
                self.steps_taken.add(step.name)
                return value
        kind, value = type(node), self.known(node, scope)
        if kind in functions.AGGREGATING or kind is exp.Window:
            value = value.labelled(scope.labels)
        return value.labelled(scope.order_labels) if takes_rows_as_they_come(node, scope) else value

    def known(self, node: exp.Expr, scope: Scope) -> Value:
        """The same of an expression that is no sanctioned step."""
        kind = type(node)
        if kind in self.SPECIAL:
            return self.SPECIAL[kind](self, node, scope)
        if kind is exp.Anonymous and node.name.lower() in functions.BY_NAME:
            return computed(self.parts(node, scope))
        if kind in functions.ORDINARY:
            return self.ordinary(node, scope)
        if kind in functions.CONTAINERS or (name_of(node) in functions.of_a_row() and name_of(node) not in NAMED):
            return self.not_understood(node, scope)
        name = node.name if kind is exp.Anonymous else kind.__name__
        if name == PSEUDONYM:
            raise NotUnderstood(f"{name} of anything but a whole identifier")
        raise NotUnderstood(f"{name} is not among the known functions")

    def not_understood(self, node: exp.Expr, scope: Scope) -> Value:
        """What the engine works out of the values of one row, whatever it is: as long as no identifier goes in."""
        own = {name for part in node.find_all(exp.Lambda) for name in map(str, part.expressions)}
        if any(part.find(exp.Query) for part in node.iter_expressions()):
            raise NotUnderstood("a query inside a function that is not known")
        for name in node.find_all(exp.Identifier):
            is_label = isinstance(name.parent, exp.PropertyEQ) and name.arg_key == "this"
            if not (isinstance(name.parent, exp.Column) or is_label or name.name in own):
                raise NotUnderstood("a name that may be a column's, where no column is looked for")
        columns = [column for column in node.find_all(exp.Column) if column.table or column.name not in own]
        result = computed(self.value(column, scope) for column in columns)
        if not result.is_safe:
            raise NotUnderstood(
                f"{name_of(node) or type(node).__name__} of an identifier is not among the known functions"
            )
        return result.labelled(scope.labels) if own else result

    def parts(self, node: exp.Expr, scope: Scope) -> list[Value]:
        return [self.value(part, scope) for part in node.iter_expressions() if not isinstance(part, functions.LEAVES)]

    def ordinary(self, node: exp.Expr, scope: Scope) -> Value:
        """A known function or operator: as safe as all its arguments."""
        result = computed(self.parts(node, scope))
        can_fail = type(node) is exp.Cast and not node.to.is_type(*exp.DataType.TEXT_TYPES)
        if can_fail and not result.is_safe:
            self.problems.append("VALUE: a cast that may fail, and then repeats an identifier")
        if type(node) in functions.BY_ORDER and scope.rows != Rows.FREE and not orders(node.parent):
            self.problems.append("FLOW: a function that depends on the order of the raw files")
        return result

    def must_be_safe(self, value: Value, where: str) -> None:
        """Note an implicit flow: rows, their order or their number depend on an identifier."""
        if not value.is_safe and value.grade != Grade.NOTHING:
            self.problems.append(f"FLOW: an identifier decides in {where}")

    def leaf(self, node: exp.Expr, scope: Scope) -> Value:
        if isinstance(node, exp.Literal) and any(map(passes_modulus_11, TEN_DIGITS.findall(node.name))):
            self.problems.append("VALUE: an identifier is written out")
        return Value()

    def null(self, node: exp.Expr, scope: Scope) -> Value:
        return Value(Grade.NOTHING)

    def column(self, node: exp.Column, scope: Scope) -> Value:
        only(node, "this", "table")
        return scope.value(node.name.lower(), node.table.lower())

    def paren(self, node: exp.Paren, scope: Scope) -> Value:
        return self.value(node.this, scope)

    def is_(self, node: exp.Is, scope: Scope) -> Value:
        """`is null` says of an identifier or an extreme only whether there is one."""
        value = self.value(node.this, scope)
        if isinstance(node.expression, exp.Null) and value.grade != Grade.MADE:
            return value.became(Grade.SAFE, PRESENCE)
        return computed([value, self.value(node.expression, scope)])

    def equality(self, node: exp.Expr, scope: Scope) -> Value:
        return self.compared(node.this, node.expression, scope)

    def compared(self, left: exp.Expr, right: exp.Expr, scope: Scope) -> Value:
        """Two identifiers of one kind may be compared; so may both extremes of the same group."""
        values = [self.value(left, scope), self.value(right, scope)]
        first, second = values
        are_identifiers = first.grade == second.grade == Grade.IDENTIFIER
        are_extremes = first.grade == second.grade == Grade.EXTREME
        if (are_identifiers or are_extremes) and first.of == second.of:
            return computed(value.became(Grade.SAFE, EQUALITY) for value in values)
        return computed(values)

    def in_(self, node: exp.In, scope: Scope) -> Value:
        only(node, "this", "expressions", "query")
        query = node.args.get("query")
        if not query:
            return computed(self.compared(node.this, other, scope) for other in node.expressions)
        tested, found = self.value(node.this, scope), self.single_column(query, scope)
        if tested.grade == found.grade == Grade.IDENTIFIER and tested.of == found.of:
            return computed(value.became(Grade.SAFE, EQUALITY) for value in (tested, found))
        return computed([tested, found])

    def exists(self, node: exp.Exists, scope: Scope) -> Value:
        found = self.query(node.this, scope)
        return Value(labels=found.labels)

    def subquery(self, node: exp.Subquery, scope: Scope) -> Value:
        return computed([self.single_column(node, scope)])

    def single_column(self, node: exp.Expr, scope: Scope) -> Value:
        relation = self.query(node, scope)
        if len(relation.columns) != 1:
            raise NotUnderstood("a subquery as a value with several columns")
        return relation.columns[0][1].labelled(relation.labels | relation.order_labels)

    def case(self, node: exp.Case, scope: Scope) -> Value:
        """Safe conditions choose among the results; one on an identifier makes the result one."""
        tested = [node.this] if node.args.get("this") else []
        conditions = tested + [branch.this for branch in node.args["ifs"]]
        results = [branch.args["true"] for branch in node.args["ifs"]]
        results += [node.args.get("default") or exp.Null()]
        return self.chosen(conditions, results, scope)

    def if_(self, node: exp.If, scope: Scope) -> Value:
        only(node, "this", "true", "false")
        results = [node.args["true"], node.args.get("false") or exp.Null()]
        return self.chosen([node.this], results, scope)

    def chosen(self, conditions: list[exp.Expr], results: list[exp.Expr], scope: Scope) -> Value:
        condition = computed(self.value(each, scope) for each in conditions)
        result = one_of(self.value(each, scope) for each in results)
        whole = computed([condition, result])
        grade = result.grade if condition.is_safe else Grade.MADE
        return Value(grade, result.of, whole.sources, whole.passed, whole.labels)

    def coalesce(self, node: exp.Coalesce, scope: Scope) -> Value:
        return one_of(self.value(each, scope) for each in [node.this, *node.expressions])

    def count(self, node: exp.Count, scope: Scope) -> Value:
        """A count of identifiers says only how many there are."""
        if isinstance(node.this, exp.Star):
            only(node.this)
            return Value(labels=scope.labels)
        counted = node.this.expressions if isinstance(node.this, exp.Distinct) else [node.this]
        values = [self.value(each, scope) for each in [*counted, *node.expressions]]
        if any(value.grade > Grade.IDENTIFIER for value in values):
            return computed(values)
        return computed(value.became(Grade.SAFE, COUNT) for value in values)

    def extreme(self, node: exp.Expr, scope: Scope) -> Value:
        """The lowest or highest; of identifiers, marked with the group of rows it is taken from."""
        only(node, "this")
        value = self.value(node.this, scope)
        if value.grade != Grade.IDENTIFIER:
            return computed([value])
        window = node.parent if isinstance(node.parent, exp.Window) else None
        group = f"{value.of}: {node.this.sql()} in scope {scope.number}"
        if window:
            only(window, "this", "partition_by", "over")
            keys = window.args.get("partition_by") or []
            group += " by " + ", ".join(key.sql() for key in keys)
        return value.became(Grade.EXTREME, of=group)

    def unpacked(self, node: exp.Explode, scope: Scope) -> Value:
        """`unnest(range(...))`: as many rows as its numbers say, which may be no identifier."""
        only(node, "this")
        if type(node.this) is not exp.GenerateSeries:
            raise NotUnderstood("unnest of anything but a range")
        value = computed(self.parts(node.this, scope))
        self.must_be_safe(value, "the number of rows")
        return value

    def distinct(self, node: exp.Distinct, scope: Scope) -> Value:
        only(node, "expressions")
        return computed(self.parts(node, scope))

    def order(self, node: exp.Order, scope: Scope) -> Value:
        """ORDER BY inside an aggregate."""
        return computed(self.value(part, scope) for part in [node.this, *node.expressions])

    def ordered(self, node: exp.Ordered, scope: Scope) -> Value:
        only(node, "this", "desc", "nulls_first")
        return self.value(node.this, scope)

    def filter(self, node: exp.Filter, scope: Scope) -> Value:
        """An aggregate of some rows: the condition decides as well."""
        aggregate = self.value(node.this, scope)
        return computed([aggregate, self.value(node.expression.this, scope)])

    def window(self, node: exp.Window, scope: Scope) -> Value:
        """A window: its rows may be put together by whole identifiers, but not ordered by them."""
        only(node, "this", "partition_by", "order", "spec", "alias", "over")
        value = self.value(node.this, scope)
        groups, orders = [], []
        for window in definitions(node, scope):
            groups += [self.value(key, scope) for key in window.args.get("partition_by") or []]
            order = window.args.get("order")
            orders += [self.value(key, scope) for key in (order.expressions if order else [])]
            spec = window.args.get("spec")
            for bound in ("start", "end"):
                if spec and isinstance(spec.args.get(bound), exp.Expr):
                    # How far a window reaches can be counted.
                    self.must_be_a_number(spec.args[bound], "a window's frame")
            orders += self.parts(spec, scope) if spec else []
        if any(key.grade > Grade.IDENTIFIER for key in groups) or not computed(orders).is_safe:
            value = computed([value, *groups, *orders]).became(Grade.MADE)
        if by_order(node, scope):
            self.must_have_an_order(node, groups, orders, scope)
        # Which rows it is about, and in which order, is told by what it says of them.
        return value.labelled(joined([*groups, *orders], "labels"))

    def must_be_a_number(self, node: exp.Expr, where: str) -> None:
        """Note a count of rows that is worked out from something: whoever counts the rows learns what."""
        if not all(isinstance(each, (exp.Literal, exp.Interval, exp.Var)) for each in node.walk()):
            self.problems.append(f"FLOW: {where} by something else than a number")

    def must_have_an_order(self, node: exp.Window, groups: list[Value], orders: list[Value], scope: Scope) -> None:
        """Note a window that takes rows as the raw files list them, if only where they tie.

        Among the rows of one person or one episode that is nobody's order.
        """
        if scope.rows == Rows.FREE:
            return
        has_ties = scope.rows == Rows.PEOPLE and type(node.this) not in functions.SAME_WHERE_TIED
        tells_apart = any(value.grade >= Grade.PSEUDONYM for value in [*groups, *orders])
        if not orders or (has_ties and not tells_apart):
            self.problems.append("FLOW: a window in the order of the raw files")

    # Each takes the kind of node that it stands by.
    SPECIAL: ClassVar[dict[type[exp.Expr], Callable[..., Value]]] = {
        exp.Literal: leaf,
        exp.Boolean: leaf,
        exp.Null: null,
        exp.Column: column,
        exp.Paren: paren,
        exp.Is: is_,
        exp.EQ: equality,
        exp.NEQ: equality,
        exp.NullSafeEQ: equality,
        exp.NullSafeNEQ: equality,
        exp.In: in_,
        exp.Exists: exists,
        exp.Subquery: subquery,
        exp.Case: case,
        exp.If: if_,
        exp.Coalesce: coalesce,
        exp.Count: count,
        exp.Min: extreme,
        exp.Max: extreme,
        exp.Explode: unpacked,
        exp.Distinct: distinct,
        exp.Order: order,
        exp.Ordered: ordered,
        exp.Filter: filter,
        exp.Window: window,
    }


def name_of(node: exp.Expr) -> str:
    """The name by which the engine knows a function; empty for what is none."""
    if not isinstance(node, exp.Func):
        return ""
    name, bracket, _ = node.sql(dialect="duckdb").partition("(")
    return name.lower() if bracket and name.isidentifier() else ""


def orders(node: exp.Expr | None) -> bool:
    """Whether a function's parent is a window, which is looked at by itself."""
    while isinstance(node, (exp.IgnoreNulls, exp.Filter)):
        node = node.parent
    return isinstance(node, exp.Window)


def by_order(node: exp.Window, scope: Scope) -> bool:
    """Whether a window takes one row after the other, so that it matters how they are sorted."""
    kinds = {type(each) for each in node.this.walk()}
    return bool(kinds & functions.BY_ORDER) or has_frame(node, scope)


def has_frame(node: exp.Window, scope: Scope) -> bool:
    """Whether a window says how far it reaches, itself or by its name."""
    return any(window.args.get("spec") for window in definitions(node, scope))


def takes_rows_as_they_come(node: exp.Expr, scope: Scope) -> bool:
    """Whether a result may depend on the order in which the rows come that it is made from, if only where they tie."""
    if isinstance(node, exp.Window):
        is_same_where_tied = type(node.this) in functions.SAME_WHERE_TIED and not has_frame(node, scope)
        return by_order(node, scope) and not is_same_where_tied
    if type(node) not in functions.OF_A_ROW or orders(node.parent):
        return False
    # Of values in their own order none is before another that is not alike.
    order = node.this
    return not (isinstance(order, exp.Order) and order.this in [key.this for key in order.expressions])


def definitions(node: exp.Window, scope: Scope) -> list[exp.Window]:
    """A window and the named one that it builds on."""
    name = node.args.get("alias")
    if not name:
        return [node]
    if name.name.lower() not in scope.windows:
        raise NotUnderstood("a window that nobody defined")
    return [node, *definitions(scope.windows[name.name.lower()], scope)]
