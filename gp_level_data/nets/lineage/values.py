"""What is known of a value, of a relation's columns and of its rows, without running anything."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum

from sqlglot import exp

EQUALITY = "only whether two are the same"
PRESENCE = "only whether it is there"
COUNT = "count only"
# What a value, or that there is a row, may say although no identifier is in it. Both go where a relation of
# labels.csv takes them off; the first does not come where people are left out for objections of their own (gate.py).
ABOUT_OBJECTORS = "about objectors"
EXACT = "exact"
Labels = frozenset[str]
# Columns in their order, each with its name.
Columns = tuple[tuple[str, "Value"], ...]
PSEUDONYM = "pseudonymise"


class NotUnderstood(Exception):
    """The SQL holds something that the proof does not know; the message says what."""


class ReadsNotUnderstood(NotUnderstood):
    """The same of something that it reads, where it is found already."""


class Grade(IntEnum):
    """How a value depends on identifiers, from least to most."""

    NOTHING = 0  # NULL, written as such
    SAFE = 1  # would stay the same if all identifiers were exchanged for others
    PSEUDONYM = 2  # as safe, and tells people apart
    IDENTIFIER = 3  # an identifier, whole and unchanged
    EXTREME = 4  # the lowest or highest identifier of a group of rows
    MADE = 5  # made from an identifier in any other way


class Rows(IntEnum):
    """What the rows of a relation, and so the order they happen to lie in, come from."""

    FREE = 0  # from nothing identifiable, or from a stored table, whose order is proved
    GROUPS = 1  # groups of identifiable rows
    PEOPLE = 2  # identifiable rows, in the order of the raw files


@dataclass(frozen=True)
class Value:
    """One value of a row.

    grade    how it depends on identifiers
    of       what it identifies; for an extreme also of which column and group of rows
    labels   what it says of people before disclosure control
    sources  the raw columns it comes from
    passed   why no identifier is in it, one reason for each step that kept one out
    """

    grade: Grade = Grade.SAFE
    of: str = ""
    sources: frozenset[str] = frozenset()
    passed: frozenset[str] = frozenset()
    labels: Labels = frozenset()

    @property
    def is_safe(self) -> bool:
        return self.grade <= Grade.PSEUDONYM

    def became(self, grade: Grade, why: str = "", of: str = "") -> "Value":
        """The same origin with another grade, and why, where an identifier was left behind."""
        left_behind = {why} if why and not self.is_safe else set()
        return Value(grade, of, self.sources, self.passed | left_behind, self.labels)

    def labelled(self, labels: Labels) -> "Value":
        """The same with more labels."""
        return replace(self, labels=self.labels | labels)


def computed(values: Iterable[Value]) -> Value:
    """What any function of the values is: safe if they all are, or made from an identifier."""
    values = list(values)
    grade = Grade.SAFE if all(value.is_safe for value in values) else Grade.MADE
    return Value(grade, "", *(joined(values, name) for name in ("sources", "passed", "labels")))


def one_of(values: Iterable[Value]) -> Value:
    """What a value is that is one of these: in a union, a CASE, a coalesce.

    An identifier or NULL is still an identifier. An identifier or a constant is none: to find it
    equal to another one would be to compare that one with the constant.
    """
    values = list(values)
    kinds = {(value.grade, value.of) for value in values if value.grade != Grade.NOTHING}
    [(grade, of)] = kinds if len(kinds) == 1 else [(computed(values).grade, "")]
    if not kinds:
        grade = Grade.NOTHING
    return Value(grade, of, *(joined(values, name) for name in ("sources", "passed", "labels")))


def joined(values: Iterable[Value], name: str) -> frozenset[str]:
    return frozenset().union(*(getattr(value, name) for value in values))


@dataclass(frozen=True)
class Relation:
    """The columns of a query or table in their order, its rows, and what it is sorted by.

    A name may stand for several columns; whoever uses it gets one of them.

    labels        what it says of people that there are these rows, and so many
    order_labels  the same of the order in which they lie
    others        the worth of columns that nobody could name: of a PIVOT, or of SQL that was not understood
    """

    columns: Columns
    rows: Rows = Rows.FREE
    is_sorted: bool = False
    first_sorted_by: Value | None = None
    is_sorted_by_all: bool = False
    labels: Labels = frozenset()
    order_labels: Labels = frozenset()
    others: Value | None = None

    @property
    def value_labels(self) -> Labels:
        """What its values say of people."""
        values = [value for _, value in self.columns] + ([self.others] if self.others else [])
        return joined(values, "labels")

    @property
    def all_labels(self) -> Labels:
        """Everything that it says of people, in whatever way."""
        return self.labels | self.order_labels | self.value_labels

    def renamed(self, names: list[str]) -> "Relation":
        """The columns under other names, by position, as in `as t (a, b)`; the rest keep theirs."""
        if len(names) > len(self.columns) or (names and self.others):
            raise NotUnderstood("more names than columns")
        kept = [column for column, _ in self.columns[len(names) :]]
        values = [value for _, value in self.columns]
        return replace(self, columns=tuple(zip([*names, *kept], values)), is_sorted=False, first_sorted_by=None)


@dataclass(frozen=True)
class Scope:
    """The names that an expression may use.

    tables     the relations of FROM by their names
    aliases    what the select list has named so far; a column goes before an alias of its name
    windows    definitions of WINDOW
    both       whether an alias may also go before a column, as in ORDER BY and HAVING
    outer      the scope around a subquery
    number     tells scopes apart
    """

    tables: list[tuple[str, Relation]] = field(default_factory=list)
    aliases: dict[str, Value] = field(default_factory=dict)
    windows: dict[str, exp.Window] = field(default_factory=dict)
    both: bool = False
    outer: "Scope | None" = None
    number: int = field(default_factory=itertools.count().__next__)

    @property
    def rows(self) -> Rows:
        return max((relation.rows for _, relation in self.tables), default=Rows.FREE)

    @property
    def labels(self) -> Labels:
        return frozenset().union(*(relation.labels for _, relation in self.tables))

    @property
    def order_labels(self) -> Labels:
        """What the order says in which its rows come: a query keeps that of what it reads."""
        return frozenset().union(*(relation.order_labels for _, relation in self.tables))

    def columns(self, table: str = "") -> list[tuple[str, Value]]:
        """The columns of all tables, or of one.

        An extreme is marked with the table that it is taken from: two of them stand in one row, and
        may be compared, only if that is the same.
        """
        return [
            (name, replace(value, of=f"{value.of} of {alias} {self.number}"))
            if value.grade == Grade.EXTREME
            else (name, value)
            for alias, relation in self.tables
            if table in ("", alias)
            for name, value in relation.columns
        ]

    def value(self, name: str, table: str = "") -> Value:
        """What a column name stands for; where the engine might take either of two, either."""
        found = [value for column, value in self.columns(table) if column == name]
        names = [alias for alias, _ in self.tables]
        if not found and not table and name in names:
            raise NotUnderstood("a whole row as a value")
        if not found:
            found = [relation.others for alias, relation in self.tables if relation.others and table in ("", alias)]
        if not table and name in self.aliases and (self.both or not found):
            found.append(self.aliases[name])
        if found:
            return one_of(found)
        if self.outer is None or table in names:
            raise NotUnderstood("a name that is no column of what it reads")
        return self.outer.value(name, table)
