"""What a query gives: the worth of its columns, and where its rows and their order come from."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sqlglot import exp

from gp_level_data.nets.lineage import functions
from gp_level_data.nets.lineage.expressions import Expressions, only
from gp_level_data.nets.lineage.gate import is_the_gate
from gp_level_data.nets.lineage.values import (
    ABOUT_OBJECTORS,
    Columns,
    Grade,
    Labels,
    NotUnderstood,
    Relation,
    Rows,
    Scope,
    Value,
    computed,
    joined,
    one_of,
)

SELECT = (
    "expressions", "from_", "joins", "where", "group", "having", "qualify", "windows", "distinct",
    "order", "limit", "offset", "sample", "with_",
)  # fmt: skip
UNION = ("this", "expression", "distinct", "order", "limit", "offset", "with_", "by_name")


class Queries(Expressions):
    """Evaluates the queries of one model.

    read  gives the relation of a table by its database, schema and name; NotUnderstood where there is none
    """

    def __init__(self, read: Callable[[str, str, str], Relation]) -> None:
        super().__init__()
        self.read = read
        self.steps: list[dict[str, Relation]] = []

    def query(self, node: exp.Expr, outer: Scope | None = None) -> Relation:
        """The relation that a SELECT, a set operation or either in parentheses gives."""
        if type(node) is exp.Subquery:
            only(node, "this", "alias")
            return self.query(node.this, outer)
        if not isinstance(node, (exp.Select, exp.Union, exp.Except, exp.Intersect)):
            raise NotUnderstood(f"{type(node).__name__} as a query")
        self.steps.append({})
        try:
            self.define_steps(node.args.get("with_"), outer)
            return self.select(node, outer) if isinstance(node, exp.Select) else self.union(node, outer)
        finally:
            self.steps.pop()

    def define_steps(self, node: exp.With | None, outer: Scope | None) -> None:
        """WITH: each step sees those before it."""
        if node:
            only(node, "expressions")
            for step in node.expressions:
                only(step, "this", "alias", "materialized")
                relation = self.named_columns(self.query(step.this, outer), step)
                self.steps[-1][step.alias.lower()] = relation

    def named_columns(self, relation: Relation, node: exp.Expr) -> Relation:
        names = [name.lower() for name in node.alias_column_names]
        return relation.renamed(names) if names else relation

    def union(self, node: exp.SetOperation, outer: Scope | None) -> Relation:
        """UNION, EXCEPT, INTERSECT: columns by position, or by name; rows are compared by equality alone."""
        only(node, *UNION)
        left, right = self.query(node.this, outer), self.query(node.expression, outer)
        if left.others or right.others:
            raise NotUnderstood("a set operation on columns that nobody named")
        if node.args.get("by_name"):
            # What one side lacks is NULL there.
            sides = [dict(left.columns), dict(right.columns)]
            names = {name: None for side in sides for name in side}
            columns = tuple((name, one_of([side.get(name, Value(Grade.NOTHING)) for side in sides])) for name in names)
        elif len(left.columns) != len(right.columns):
            raise NotUnderstood("a set operation on different numbers of columns")
        else:
            columns = tuple(
                (name, one_of([value, other])) for (name, value), (_, other) in zip(left.columns, right.columns)
            )
        rows, labels = max(left.rows, right.rows), left.labels | right.labels
        if isinstance(node, (exp.Except, exp.Intersect)):
            labels = labels.union(left.all_labels, right.all_labels)
        if node.args.get("distinct") or not isinstance(node, exp.Union):
            self.compare_rows(columns)
            labels |= left.value_labels | right.value_labels
        together = Relation(columns, rows, labels=labels, order_labels=left.order_labels | right.order_labels)
        return self.sorted(node, together, Scope([("", together)], outer=outer))

    def select(self, node: exp.Select, outer: Scope | None) -> Relation:
        only(node, *SELECT)
        scope = Scope(outer=outer)
        if node.args.get("from_"):
            self.add_table(node.args["from_"].this, scope)
        for join in node.args.get("joins") or []:
            self.join(join, scope)
        for window in node.args.get("windows") or []:
            only(window, "this", "partition_by", "order", "spec", "alias")
            scope.windows[window.name.lower()] = window
        columns = tuple(self.projected(node.expressions, scope))
        names = [name for name, _ in columns if name]
        if len(names) > len(set(names)):
            # The engine would take the first of them in silence.
            raise NotUnderstood("two columns of one name")
        is_grouped, keys = self.grouped(node, columns, scope)
        labels = self.conditions(node, scope).union(self.lengths(node, scope), joined(keys, "labels"))
        if is_the_gate(node):
            labels = labels - {ABOUT_OBJECTORS} | scope.tables[0][1].labels
        rows = scope.rows
        if is_grouped and rows != Rows.FREE:
            is_of_people = any(key.grade >= Grade.PSEUDONYM for key in keys)
            rows = Rows.PEOPLE if is_of_people else Rows.GROUPS
        if node.args.get("distinct"):
            only(node.args["distinct"])
            self.compare_rows(columns)
        # A count of the rows that are left says what left them out.
        columns = tuple(
            (name, value.labelled(labels) if self.counts_rows(part) else value)
            for part, (name, value) in self.beside(node.expressions, columns)
        )
        others = [relation.others for _, relation in scope.tables if relation.others]
        is_star = any(part.is_star for part in node.expressions)
        is_one_row = is_grouped and not keys
        relation = Relation(
            columns, rows, labels=labels, order_labels=frozenset() if is_one_row else scope.order_labels,
            others=one_of(others) if others and is_star else None,
        )  # fmt: skip
        if node.args.get("distinct"):
            relation = replace(relation, labels=labels | relation.value_labels)
        return self.sorted(node, relation, replace(scope, both=True))

    def lengths(self, node: exp.Select, scope: Scope) -> Labels:
        """What the number of rows says that an unnest in the select list makes of each."""
        unpacked = [
            each for part in node.expressions for each in parts_of_this_query(part) if type(each) is exp.Explode
        ]
        return joined([self.value(each, scope) for each in unpacked], "labels")

    def beside(self, parts: list[exp.Expr], columns: Columns) -> list[tuple[exp.Expr | None, tuple[str, Value]]]:
        """Each column with the part of the select list that it comes from, if it is one of its own."""
        if any(part.is_star for part in parts):
            named = {part.alias_or_name.lower(): part for part in parts if not part.is_star}
            return [(named.get(column[0]), column) for column in columns]
        return list(zip(parts, columns, strict=True))

    def counts_rows(self, part: exp.Expr | None) -> bool:
        return part is not None and any(
            aggregates(each) or isinstance(each, exp.Window) for each in parts_of_this_query(part)
        )

    def add_table(self, node: exp.Expr, scope: Scope) -> None:
        """One relation of FROM."""
        kind = type(node)
        if kind is exp.Subquery:
            # It may also use the tables before it.
            relation = self.query(node, replace(scope, tables=list(scope.tables)))
        elif kind is exp.Values:
            only(node, "expressions", "alias")
            rows = [[self.value(cell, scope) for cell in cells_of(row)] for row in node.expressions]
            columns = [one_of(cells) for cells in zip(*rows)]
            relation = Relation(tuple((f"col{at}", value) for at, value in enumerate(columns)))
        elif isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            only(node, "this", "db", "catalog", "alias", "pivots")
            relation = self.table(node)
            for pivot in node.args.get("pivots") or []:
                is_unpivot = pivot.args.get("unpivot")
                relation = self.unpivoted(pivot, relation) if is_unpivot else pivoted(relation)
        else:
            raise NotUnderstood(f"{kind.__name__} that is no plain table")
        scope.tables.append((node.alias_or_name.lower(), self.named_columns(relation, node)))

    def table(self, node: exp.Table) -> Relation:
        """A step of WITH, or a table of the project."""
        name = node.name.lower()
        if not node.db:
            for steps in reversed(self.steps):
                if name in steps:
                    return steps[name]
        return self.read(node.catalog.lower(), node.db.lower(), name)

    def unpivoted(self, node: exp.Pivot, relation: Relation) -> Relation:
        """UNPIVOT of one value: the columns named become one, beside a column of their names."""
        only(node, "unpivot", "expressions", "fields")
        is_simple = len(node.expressions) == len(node.args.get("fields") or []) == 1
        if not node.args.get("unpivot") or not is_simple:
            raise NotUnderstood("PIVOT")
        [field] = node.args["fields"]
        only(field, "this", "expressions")
        if any(type(column) is not exp.Column or column.table for column in field.expressions):
            raise NotUnderstood("UNPIVOT of something that is no column")
        scope = Scope([("", relation)])
        names = [column.name.lower() for column in field.expressions]
        value = one_of([scope.value(name) for name in names])
        # A row goes where its value is NULL.
        if value.grade > Grade.IDENTIFIER:
            self.must_be_safe(value, "UNPIVOT")
        kept = [(name, value) for name, value in relation.columns if name not in names]
        added = [(field.this.name.lower(), Value()), (node.expressions[0].name.lower(), value)]
        labels = relation.labels | value.labels
        return Relation(
            (*kept, *added), relation.rows, labels=labels, order_labels=relation.order_labels, others=relation.others
        )

    def join(self, node: exp.Join, scope: Scope) -> None:
        only(node, "this", "on", "using", "side", "kind")
        if (node.kind or "").upper() not in ("", "INNER", "OUTER", "CROSS", "SEMI", "ANTI"):
            raise NotUnderstood(f"{node.kind} JOIN")
        before = replace(scope, tables=list(scope.tables))
        self.add_table(node.this, scope)
        labels = scope.tables[-1][1].labels
        if node.args.get("on"):
            condition = self.value(node.args["on"], scope)
            self.must_be_safe(condition, "a join")
            labels |= condition.labels
        for name in node.args.get("using") or []:
            added = scope.tables[-1][0]
            values = [before.value(name.name.lower()), scope.value(name.name.lower(), added)]
            # Equal grades of equal kind are what an equality may compare.
            if one_of(values).grade > Grade.IDENTIFIER:
                self.must_be_safe(computed(values), "a join")
            labels |= computed(values).labels
        if (node.kind or "").upper() in ("SEMI", "ANTI"):
            scope.tables.pop()
        # Which rows find a partner says something of both sides.
        name, joined_to = scope.tables[-1]
        scope.tables[-1] = (name, replace(joined_to, labels=joined_to.labels | labels))

    def projected(self, nodes: list[exp.Expr], scope: Scope) -> list[tuple[str, Value]]:
        """The select list, stars expanded; an alias can be used by what follows it."""
        columns = []
        for node in nodes:
            if node.is_star:
                columns += self.star(node, scope)
                continue
            value = self.value(node.this if isinstance(node, exp.Alias) else node, scope)
            name = node.alias_or_name.lower()
            columns.append((name, value))
            if isinstance(node, exp.Alias):
                scope.aliases[name] = value
        return columns

    def star(self, node: exp.Expr, scope: Scope) -> list[tuple[str, Value]]:
        """All columns, or all of one table, but those that are excluded."""
        table = node.table.lower() if isinstance(node, exp.Column) else ""
        star = node.this if isinstance(node, exp.Column) else node
        if type(star) is not exp.Star:
            raise NotUnderstood("a star inside an expression")
        only(star, "except_")
        excluded = {column.name.lower() for column in star.args.get("except_") or []}
        columns = scope.columns(table)
        if not columns and not any(relation.others for _, relation in scope.tables):
            raise NotUnderstood("a star of nothing")
        return [(name, value) for name, value in columns if name not in excluded]

    def conditions(self, node: exp.Select, scope: Scope) -> Labels:
        """WHERE, HAVING and QUALIFY may not depend on what an identifier is; what the rows that are left say."""
        labels = scope.labels
        for name, where in (("where", scope), ("having", None), ("qualify", None)):
            if node.args.get(name):
                condition = self.value(node.args[name].this, where or replace(scope, both=True))
                self.must_be_safe(condition, name.upper())
                labels |= condition.labels
        return labels

    def grouped(self, node: exp.Select, columns: Columns, scope: Scope) -> tuple[bool, list[Value]]:
        """Whether rows are put together, and by which values: whole ones only."""
        group = node.args.get("group")
        if not group:
            own = [each for part in node.expressions for each in parts_of_this_query(part)]
            return any(aggregates(each) for each in own), []
        only(group, "expressions", "all")
        if group.args.get("all"):
            keys = [
                value
                for part, (_, value) in zip(node.expressions, columns)
                if not any(aggregates(each) for each in parts_of_this_query(part))
            ]
            if any(part.is_star for part in node.expressions):
                raise NotUnderstood("a star with GROUP BY ALL")
        else:
            keys = [self.key(each, columns, scope) for each in group.expressions]
        if any(key.grade > Grade.IDENTIFIER for key in keys):
            self.problems.append("FLOW: an identifier decides in GROUP BY")
        return True, keys

    def key(self, node: exp.Expr, columns: Columns, scope: Scope) -> Value:
        """A key of GROUP BY or ORDER BY: a column by its position, or an expression."""
        if not isinstance(node, exp.Literal):
            return self.value(node, scope)
        if node.is_string or not 1 <= int(node.name) <= len(columns):
            raise NotUnderstood("a key that is a constant")
        return columns[int(node.name) - 1][1]

    def compare_rows(self, columns: Columns) -> None:
        if any(value.grade > Grade.IDENTIFIER for _, value in columns):
            self.problems.append("FLOW: an identifier decides in DISTINCT")

    def sorted(self, node: exp.Expr, relation: Relation, scope: Scope) -> Relation:
        """ORDER BY and LIMIT: by nothing identifiable, and not by the order of the raw files."""
        for name in ("limit", "offset", "sample"):
            if node.args.get(name) and relation.rows != Rows.FREE:
                self.problems.append(f"FLOW: {name.upper()} of identifiable rows")
        for name in ("limit", "offset"):
            if node.args.get(name):
                only(node.args[name], "expression")
                # How many rows there are would be a number that no column shows.
                self.must_be_a_number(node.args[name].expression, name.upper())
        if node.args.get("sample") and node.args["sample"].find(exp.Query, exp.Column):
            self.problems.append("FLOW: SAMPLE by something else than a number")
        # Which rows are left depends on the order in which they come.
        is_cut = any(node.args.get(name) for name in ("limit", "offset", "sample"))
        order = node.args.get("order")
        if not order:
            return replace(relation, labels=relation.labels | relation.order_labels) if is_cut else relation
        only(order, "expressions")
        columns, keys, names = relation.columns, [], set()
        if relation.others and any(isinstance(each.this, exp.Var) for each in order.expressions):
            keys.append(relation.others)
        for each in order.expressions:
            only(each, "this", "desc", "nulls_first")
            if isinstance(each.this, exp.Var) and each.this.name.upper() == "ALL":
                keys += [value for _, value in columns]
                names |= {name for name, _ in columns}
                continue
            keys.append(self.key(each.this, columns, scope))
            is_position = isinstance(each.this, exp.Literal)
            if is_position or self.is_given_out(each.this, node, scope):
                names.add(columns[int(each.this.name) - 1][0] if is_position else each.this.name.lower())
        for key in keys:
            self.must_be_safe(key, "ORDER BY")
        covers = not relation.others and names >= {name for name, _ in columns}
        # Rows that tie may stay as they came.
        order_labels = joined(keys, "labels") | (frozenset() if covers else relation.order_labels)
        return replace(
            relation,
            labels=relation.labels | order_labels if is_cut else relation.labels,
            is_sorted=True,
            first_sorted_by=keys[0],
            is_sorted_by_all=covers,
            order_labels=order_labels,
        )

    def is_given_out(self, key: exp.Expr, node: exp.Expr, scope: Scope) -> bool:
        """Whether a key of ORDER BY is the column of the query that has its name, not another table's."""
        if not (isinstance(key, exp.Column) and key.table):
            return isinstance(key, exp.Column)
        parts = node.expressions if isinstance(node, exp.Select) else []
        return any(part.unalias() == key and part.alias_or_name.lower() == key.name.lower() for part in parts) or (
            len(scope.tables) == 1 and any(part.is_star for part in parts)
        )


def pivoted(relation: Relation) -> Relation:
    """PIVOT: what was in rows stands in columns, whose names nobody knows before it runs."""
    if relation.rows != Rows.FREE or any(value.grade > Grade.SAFE for _, value in relation.columns):
        raise NotUnderstood("PIVOT of people")
    # A row stands for what is alike in the columns that are left.
    labels = relation.all_labels
    return Relation((), labels=labels, order_labels=relation.order_labels, others=Value(labels=labels))


def cells_of(row: exp.Expr) -> list[exp.Expr]:
    return row.expressions if isinstance(row, exp.Tuple) else [row]


def parts_of_this_query(node: exp.Expr) -> Iterator[exp.Expr]:
    """An expression's parts, but not those of the subqueries in it."""
    yield from node.walk(prune=lambda part: isinstance(part, exp.Query))


def aggregates(node: exp.Expr) -> bool:
    """Whether a part of an expression puts rows together: an aggregate that is not a window's."""
    if type(node) not in functions.AGGREGATING:
        return False
    parent = node.parent
    while isinstance(parent, (exp.Filter, exp.IgnoreNulls)):
        parent = parent.parent
    return not isinstance(parent, exp.Window)
