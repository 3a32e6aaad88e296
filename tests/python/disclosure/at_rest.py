"""An attacker with all that lies unencrypted after a run, who works out what disclosure control withheld.

Two ways: a number that stands beside the words of a withheld cell (its practice and its reason, say) is read off;
and counts that have to add up are passed on as ranges until nothing changes (attacker.py). Whoever judges the attack
knows the exact counts; the attacker never looks at them.
"""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from disclosure.attacker import UNKNOWN, Published, is_hidden, passed_on
from gp_level_data.custody import store
from gp_level_data.custody.keys import StoreKeys
from gp_level_data.shapes import Cells

WORD = re.compile(r"[A-Za-z0-9_]+")
# A line of a log has the words of many things in it; numbers of clocks and digests say nothing.
CLOCK = re.compile(r"\d+[:.]\d+(?:[:.]\d+)*|\d{4}-\d\d-\d\d|[0-9a-f]{8,}")
WHOLE_NUMBER = re.compile(r"(?<![\w.,])\d{1,9}(?![\w.]|,\d)")
LONGEST = 2000
CELLS = {
    "fct_exclusions": """
        select shown.practice_code, shown.reason, exact.row_count, shown.person_count
        from marts.main.fct_exclusions as shown
        inner join {counts}.int_intake__record_counts as exact
            on shown.practice_code = exact.practice_code and shown.reason = exact.rule
        where exact.verdict = 'excluded' or exact.rule like 'lifted_by_%'
    """,
    "fct_opt_out_reconciliation": """
        select shown.code, shown.opt_out_kind, exact.objector_count, shown.objector_count
        from marts.main.fct_opt_out_reconciliation as shown
        inner join {counts}.int_opt_outs__counts as exact
            on shown.code = exact.practice_code and shown.opt_out_kind = exact.opt_out_kind
        where shown.level = 'practice'
    """,
    "fct_gp_metrics": """
        select shown.practice_code, shown.gp_code, shown.metric_id, exact.denominator_count, shown.denominator_count
        from marts.main.fct_gp_metrics as shown
        inner join patient_level.intermediate.int_metrics__by_gp as exact using (practice_code, gp_code, metric_id)
    """,
}


@dataclass(frozen=True)
class Cell:
    """A count that is not shown exactly: the words that name it, what it is, what is shown (None: withheld)."""

    table: str
    words: frozenset[str]
    exact: int
    shown: int | None


@dataclass(frozen=True)
class Row:
    """What stands together somewhere in the clear: words and whole numbers."""

    where: str
    words: frozenset[str]
    numbers: frozenset[int]


def cells(store_dir: Path, store_keys: StoreKeys, counts: str = "assurance.counts") -> list[Cell]:
    """The counts that are withheld or rounded, by the exact ones behind them."""
    with duckdb.connect() as connection:
        marts = store.database_file(store_dir, store.MARTS)
        connection.execute(f"attach '{marts}' as marts (read_only)")
        store.attach_patient_level(connection, store_dir, store_keys.patient_level)
        if store.database_file(store_dir, store.ASSURANCE).exists():
            store.attach_assurance(connection, store_dir, store_keys.assurance)
        return [
            Cell(table, frozenset(words), exact, shown)
            for table, query in CELLS.items()
            for *words, exact, shown in connection.execute(query.format(counts=counts)).fetchall()
            if exact and exact != shown
        ]


# ---- what lies in the clear -------------------------------------------------------------------------


def rows_in_the_clear(places: Iterable[Path]) -> Iterator[Row]:
    """Rows of tables and lines of texts below the folders, as far as no key is needed to read them."""
    for path in files(places):
        content = path.read_bytes()
        if content[8:12] == b"DUCK":
            yield from rows_of_database(path)
        elif path.suffix == ".json":
            yield from rows_of_json(path.name, json.loads(content), ())
        elif path.suffix == ".csv":
            for written in csv.DictReader(content.decode().splitlines()):
                yield row_of(path.name, [*written.values(), path.parent.name])
        elif path.suffix in {".log", ".sql", ".html", ".md", ".txt", ".xml"}:
            for line in content.decode(errors="replace").splitlines():
                # A whole document in one line says nothing by what stands in it together.
                if len(line) <= LONGEST:
                    yield row_of_line(path.name, line)


def files(places: Iterable[Path]) -> list[Path]:
    found = {path for place in places for path in ([place] if place.is_file() else place.rglob("*"))}
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def rows_of_database(path: Path) -> Iterator[Row]:
    """Rows of every table of a database; none where it is encrypted."""
    with duckdb.connect() as connection:
        try:
            connection.execute(f"attach '{path}' as plain (read_only)")
        except duckdb.Error:
            return
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'plain' order by all"
        ).fetchall()
        for schema, table in tables:
            for row in connection.execute(f'from plain.{schema}."{table}"').fetchall():
                yield row_of(f"{schema}.{table}", row)


def rows_of_json(where: str, value: object, above: Cells) -> Iterator[Row]:
    """Each object of a document is a row, with the names that lead to it."""
    if isinstance(value, dict):
        plain = [each for each in value.values() if not isinstance(each, (dict, list))]
        yield row_of(where, [*plain, *value, *above])
        for name, inner in value.items():
            yield from rows_of_json(where, inner, (*above[-3:], name))
    elif isinstance(value, list):
        for inner in value:
            yield from rows_of_json(where, inner, above)


def row_of(where: str, values: Iterable[object]) -> Row:
    words, numbers = set(), set()
    for value in values:
        if isinstance(value, str):
            words |= set(WORD.findall(value))
            if WHOLE_NUMBER.fullmatch(value):
                numbers.add(int(value))
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool) and value % 1 == 0:
            numbers.add(int(value))
        elif isinstance(value, (list, dict)):
            inner = row_of(where, value.values() if isinstance(value, dict) else value)
            words |= inner.words
            numbers |= inner.numbers
    return Row(where, frozenset(words), frozenset(numbers))


def row_of_line(where: str, line: str) -> Row:
    without = CLOCK.sub(" ", line)
    numbers = {int(number) for number in WHOLE_NUMBER.findall(without)}
    return Row(where, frozenset(WORD.findall(line)), frozenset(numbers))


# ---- the attack -------------------------------------------------------------------------------------


def read_off(wanted: list[Cell], rows: Iterable[Row]) -> dict[str, set[Cell]]:
    """Cells whose exact count stands in a row with their words, by where the row is."""
    by_words: dict[str, list[Cell]] = defaultdict(list)
    for cell in wanted:
        by_words[min(cell.words, key=lambda word: (word.islower(), word))].append(cell)
    found: dict[str, set[Cell]] = defaultdict(set)
    for row in rows:
        for word in row.words & by_words.keys():
            for cell in by_words[word]:
                if cell.words <= row.words and cell.exact in row.numbers:
                    found[row.where].add(cell)
    return dict(found)


def worked_out(wanted: list[Cell], known: dict[str, dict[str, tuple[int, int]]]) -> list[Cell]:
    """Withheld exclusions whose range the sums of a practice's rows narrow.

    known  of each practice, the ranges in which its usable rows and its kept rows are told to lie
    """
    published, exact = Published(), {}
    practices = defaultdict(list)
    for cell in wanted:
        if cell.table == "fct_exclusions":
            practice = min(cell.words, key=str.islower)
            key = ("", practice, *sorted(cell.words), "people")
            published.add(key, "*" if cell.shown is None else str(cell.shown))
            practices[practice].append(key)
            exact[key] = cell
    for practice, parts in practices.items():
        if practice in known:
            total, kept = ("", practice, "usable"), ("", practice, "kept")
            for sum_of, name in ((total, "usable"), (kept, "kept")):
                published.low[sum_of], published.high[sum_of] = known[practice].get(name, (0, UNKNOWN))
            published.sums.append((total, [*parts, kept], 0))
    ranges = passed_on(published)
    return [exact[key] for key in published.withheld if not is_hidden(published, key, ranges[key])]


def told(count: int | None, exact: bool) -> tuple[int, int]:
    """The range of a count that a record tells: as it is, to the nearest 5, or withheld."""
    if count is None:
        return 1, 7
    return (count, count) if exact or count == 0 else (count - 2, count + 2)
