"""What each practice gets of the tables, practice by practice: all of England's without holding it.

Every part is read once, in the order of the practices. What a part has of CCGs and of England is
read first and given to each practice that it concerns.
"""

import functools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from gp_level_data.pages import previous, words
from gp_level_data.shapes import Cells, Row

AREAS = "area_level in ('ccg', 'england')"
# An id gets its words beside it, in the column that is named here.
TITLES = {"metric_id": "title", "condition": "condition_title", "reason": "reason_title"}


@dataclass(frozen=True)
class Part:
    """A file of a practice's folder: its table, whose each row is, and what it holds in words.

    `own` is the practice that a row belongs to; `areas` says which rows are of CCGs and England.
    """

    file: str
    relation: str
    words: str
    own: str = "practice_code"
    areas: str | None = None
    of_collected: bool = True
    # Whether it is of this collection.
    is_present: bool = True


PARTS = (
    Part(
        "gp_metrics.csv",
        "main.rpt_gp_metrics",
        "Each GP's result on each metric, beside the practice's, its CCG's and England's.",
    ),
    Part(
        "comparators.csv",
        "main.fct_comparators",
        "The practice's, its CCG's and England's results, with their counts and intervals.",
        own="case when area_level = 'practice' then area_code end",
        areas=AREAS,
    ),
    Part(
        "funnels.csv",
        "main.fct_gp_funnels",
        "Whether a GP's result differs from the CCG's or England's by more than chance.",
    ),
    Part(
        "emergency_admissions.csv",
        "main.fct_emergency_admissions",
        "For which conditions patients were admitted as emergencies.",
        areas=AREAS,
    ),
    Part(
        "left_out.csv",
        "main.fct_exclusions",
        "How many of the practice's patients were left out, and why.",
        of_collected=False,
    ),
    Part(
        "previous.csv",
        previous.BEFORE,
        "The same results in the collection before this one.",
        areas=AREAS,
        is_present=False,
    ),
    Part(
        "data_checks.csv",
        "patient_level.senders.rpt_practice_checks",
        "What in the practice's own files could not be used, and what to do.",
        of_collected=False,
    ),
    Part(
        "rows_to_mend.csv",
        "patient_level.senders.rpt_practice_rows",
        "Rows of the practice's own files that have to be mended first: until then none of its patients is collected.",
        of_collected=False,
    ),
)


@dataclass(frozen=True)
class Practice:
    """Whom a folder is for; moments as text, with their zone."""

    code: str
    name: str | None
    ccg: str | None
    extracted_at: str | None
    is_collected: bool
    not_collected_reason: str | None

    @property
    def full_name(self) -> str:
        return f"{self.name} ({self.code})" if self.name else self.code


@dataclass
class Table:
    """Rows of a part for one practice, titles beside ids; `records` are the same by column.

    kinds  the engine's type of each column
    """

    part: Part
    header: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: list[Cells]

    @functools.cached_property
    def records(self) -> list[Row]:
        return [dict(zip(self.header, row)) for row in self.rows]

    def by(self, *columns: str) -> dict[Cells, list[Row]]:
        """Records by some of their columns; looked up once."""
        if columns not in self._by:
            found = defaultdict(list)
            for row in self.records:
                found[tuple(row[column] for column in columns)].append(row)
            self._by[columns] = found
        return self._by[columns]

    @functools.cached_property
    def _by(self) -> dict[Cells, dict[Cells, list[Row]]]:
        return {}


@dataclass(frozen=True)
class Pack:
    """A practice with its tables, by the names of their files."""

    practice: Practice
    tables: dict[str, Table]

    def records(self, file: str) -> list[Row]:
        return self.tables[file].records if file in self.tables else []


def packs(connection: duckdb.DuckDBPyConnection) -> Iterator[Pack]:
    """The packs of the practices that were collected or sent a file of their own, in order.

    `connection` has the marts as its own database, and the senders' part attached.
    """
    has_previous = is_there(connection, *previous.TOLD.split("."))
    read = [Reader(connection, part) for part in PARTS if part.is_present or has_previous]
    for practice in practices_of(connection):
        tables = {
            reader.part.file: reader.table(practice)
            for reader in read
            if practice.is_collected or not reader.part.of_collected
        }
        if "previous.csv" in tables and not tables["previous.csv"].rows:
            del tables["previous.csv"]
        yield Pack(practice, tables)


def is_there(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether there is a table or view, which may also be one of this connection alone."""
    [(found,)] = connection.execute(
        "select count(*) from information_schema.tables where table_schema = ? and table_name = ?",
        [schema, table],
    ).fetchall()
    return bool(found)


class Reader:
    """The rows of a part, handed out practice by practice, in the order of their codes."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, part: Part) -> None:
        self.part = part
        self.titles: dict[str, str] = dict(
            connection.execute("select metric_id, title from main.dim_metrics").fetchall()
        ) | {"": ""}
        self.reasons: dict[str, str] = dict(
            connection.execute("select rule, meaning from seeds.intake_rules").fetchall()
        )
        self.cursor = connection.cursor()
        self.areas: dict[tuple[str, str | None], list[Cells]] = {}
        if part.areas:
            rows = self.cursor.execute(
                f"select area_level, area_code, * from {part.relation} where {part.areas} order by all"
            ).fetchall()
            for level, code, *row in rows:
                self.areas.setdefault((level, code), []).append(tuple(row))
        self.cursor.execute(f"select {part.own}, * from {part.relation} where {part.own} is not null order by all")
        columns = [column[0] for column in self.cursor.description[1:]]
        self.titled = [(at, name) for at, name in enumerate(columns) if TITLES.get(name, name) not in columns]
        self.header = list(columns)
        self.kinds = [str(column[1]) for column in self.cursor.description[1:]]
        for at, name in reversed(self.titled):
            self.header.insert(at + 1, TITLES[name])
            self.kinds.insert(at + 1, "VARCHAR")
        self.rows = self.read()
        self.next = next(self.rows, None)

    def read(self) -> Iterator[Cells]:
        while batch := self.cursor.fetchmany(4096):
            yield from batch

    def table(self, practice: Practice) -> Table:
        """What a practice gets; one asked for later has to come later in the order of codes."""
        own = []
        while self.next and self.next[0] <= practice.code:
            if self.next[0] == practice.code:
                own.append(self.next[1:])
            self.next = next(self.rows, None)
        areas = self.areas.get(("ccg", practice.ccg), []) + self.areas.get(("england", "ENGLAND"), [])
        rows = [self.with_titles(row) for row in own + areas]
        return Table(self.part, tuple(self.header), tuple(self.kinds), rows)

    def with_titles(self, row: Cells) -> Cells:
        """A row with the words of its ids beside them."""
        if not self.titled:
            return row
        told = list(row)
        for at, name in reversed(self.titled):
            told.insert(at + 1, self.words_for(name, row[at]))
        return tuple(told)

    def words_for(self, column: str, found: str) -> str:
        if column == "metric_id":
            return self.titles[found]
        if column == "reason":
            return self.reasons.get(found, words.of("reason", found))
        return words.of(column, found)


def practices_of(connection: duckdb.DuckDBPyConnection) -> Iterator[Practice]:
    """Practices that were collected, or that sent a file of their own."""
    rows = connection.cursor().execute(
        """
        select
            practice_code, practice_name, ccg_code, cast(extracted_at as varchar), is_collected,
            not_collected_reason
        from main.dim_practices as practices
        where
            is_collected
            or exists (
                select 1 from assurance.counts.int_intake__file_counts as files
                where files.practice_code = practices.practice_code
            )
        order by practice_code
        """
    )
    yield from (Practice(*row) for row in rows.fetchall())
