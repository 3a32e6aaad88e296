"""Net 4, by behaviour: everybody gets another NHS Number, and nothing that is stored may change.

A warehouse may know which rows are the same person's; it may not know what the number is. So
`rename` writes the raw files again with every number replaced by another of its kind, they are
built with the same key, and `findings` compares the two stores: the same tables, the same rows in
the same order, where only the pseudonyms are those of the new numbers. Whatever a number was turned
into on its way, and whatever it decided (a filter, an order, a bucket), comes out differently.
"""

import gzip
import itertools
import json
import random
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet

from gp_level_data.custody import store
from gp_level_data.custody.keys import StoreKeys
from gp_level_data.custody.pseudonym import pseudonymiser
from gp_level_data.nets import Finding
from gp_level_data.nets.spelling import NEVER_ISSUED
from gp_level_data.raw import ndop_files
from gp_level_data.raw.synthetic_folder import MARKER, write_marker
from gp_level_data.shapes import Cells

NET = "renaming"
# A table of people is stored in the order of the first of these that it has.
PSEUDONYMS = ("patient_key", "release_key")
NUMBER_COLUMNS = ("NHS_NUMBER", "NEWNHSNO")
# How small a packed file gets depends on its digits; how many rows it holds is compared all the same.
PACKED_SIZES = {"assurance.counts.int_intake__file_counts": ("file_name", "byte_count")}
# with a point and zeros behind, opt-outs are still somebody's
TEN_DIGITS = re.compile(r"([0-9]{10}|[0-9]{3}([ -])[0-9]{3}\2[0-9]{4})([.]0+)?")
SPOILT = re.compile(r"[0-9]{9}[.]0+|[0-9]([.,][0-9]+)?[Ee][+]?[0-9]{1,3}")
BYTE_ORDER_MARK = "\ufeff".encode().decode("latin-1")
CELL = re.compile(r'"(?:[^"]|"")*"|[^,]*')


def check_digit(nine: str) -> str | None:
    """The tenth digit by modulus 11; None where no digit fits (domain handbook, section 4)."""
    check = -sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1))) % 11
    return None if check == 10 else str(check)


def kind_of(number: str) -> str:
    """What the gateway makes of ten digits: the rule they break, or the range they lie in."""
    if check_digit(number[:9]) != number[9]:
        return "check digit"
    if number in NEVER_ISSUED:
        return "never issued"
    if number[0] == "9":
        return "test"
    # live data: the ranges that the gateway tells apart
    edges = ("0100000000", "3113000000", "3200000000", "4000000000", "5000000000", "6000000000", "8000000000")
    return f"live {sum(number >= edge for edge in edges)}"


def has_lost_a_zero(text: str) -> bool:
    """Whether nine digits are a number with a zero in front, which is a rule of its own."""
    return bool(re.fullmatch("[0-9]{9}", text)) and check_digit(f"0{text[:8]}") == text[8]


class Renaming:
    """A random bijection of ten-digit numbers that leaves each its kind, drawn as numbers are met.

    New test numbers come from the whole test range, all that begin with 9, so that the first digits
    tell as little as the last.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"renaming {seed}")
        self.never_issued = [number for number in sorted(NEVER_ISSUED) if kind_of(number) == "never issued"]
        self.random.shuffle(self.never_issued)
        self.new_number: dict[str, str] = {}
        self.new_text: dict[str, str] = {}
        self.taken: set[str] = set()

    def renamed(self, number: str) -> str:
        """The number that ten digits become."""
        if number not in self.new_number:
            new = next(new for new in self.candidates(number) if new not in self.taken)
            self.new_number[number] = new
            self.taken.add(new)
        return self.new_number[number]

    def candidates(self, number: str) -> Iterator[str]:
        """Others of the number's kind, without end but for those that were never issued."""
        kind = kind_of(number)
        if kind == "never issued":
            yield from self.never_issued
        while True:
            nine = number[0] + self.digits(8)
            new = nine + (self.digits(1) if kind == "check digit" else check_digit(nine) or "")
            if len(new) == 10 and new != number and kind_of(new) == kind:
                yield new

    def digits(self, count: int) -> str:
        return "".join(self.random.choices(string.digits, k=count))

    def rewritten(self, cell: str) -> str:
        """A cell with another number, written the same way; what is no number keeps its shape."""
        text = cell.strip().strip('"').strip()
        if not text:
            return cell
        if found := TEN_DIGITS.fullmatch(text):
            new = iter(self.renamed(re.sub("[ -]", "", found[1])))
            return cell.replace(text, re.sub("[0-9]", lambda _: next(new), text, count=10))
        if text not in self.new_text:
            # what a spreadsheet has spoilt stays so: decimals, and the exponent
            changing = "[0-9](?=.*[.Ee])" if SPOILT.fullmatch(text) else "[A-Z]|[0-9]"
            drawn = iter(lambda: re.sub(changing, self.another, text), None)
            is_alike = has_lost_a_zero(text)
            self.new_text[text] = next(new for new in drawn if has_lost_a_zero(new) == is_alike)
        return cell.replace(text, self.new_text[text])

    def another(self, character: re.Match[str]) -> str:
        """Any digit for a digit, any letter for a letter."""
        return self.random.choice(string.digits if character[0].isdigit() else "ACEHKMPRTX")


def rename(raw_dir: Path, out_dir: Path, seed: int, *, shuffle: bool = False) -> dict[str, str]:
    """Write a raw folder again with other NHS Numbers; what every ten-digit number became.

    Rows stay where they are. With `shuffle` they do not, where their order says nothing: all but
    the header and the first row, which dates a practice's file.
    """
    renaming = Renaming(seed)
    order = renaming.random if shuffle else None
    for path in sorted(raw_dir.rglob("*")):
        if path.is_file():
            target = out_dir / path.relative_to(raw_dir)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".parquet":
                rename_parquet(path, target, renaming)
            else:
                target.write_bytes(renamed_bytes(path, renaming, order))
    if (out_dir / MARKER).exists():
        marker = json.loads((out_dir / MARKER).read_text(encoding="utf-8"))
        write_marker(out_dir, marker["scale"], marker["seed"])
    return renaming.new_number


def renamed_bytes(path: Path, renaming: Renaming, order: random.Random | None) -> bytes:
    """A text file with other numbers, every other byte as it was."""
    is_compressed = path.suffix == ".gz"
    place: int | None
    content = gzip.decompress(path.read_bytes()) if is_compressed else path.read_bytes()
    # latin-1 reads any byte as a character and writes it back
    header, *rows = content.decode("latin-1").split("\n")
    if is_exchange(path):
        first, rows, place = [], [header, *rows], 0
    else:
        first, place = [header], place_of_number(header)
    if place is None:
        return path.read_bytes()
    for at, row in enumerate(rows):
        if span := cell_span(row, place):
            start, end = span
            rows[at] = row[:start] + renaming.rewritten(row[start:end]) + row[end:]
    if order and len(rows) > 2:
        first, rows, last = first + rows[:1], rows[1:-1], rows[-1:]
        order.shuffle(rows)
        rows += last
    content = "\n".join(first + rows).encode("latin-1")
    return gzip.compress(content, mtime=0) if is_compressed else content


def is_exchange(path: Path) -> bool:
    """Whether a file asks about national opt-outs or answers: a number a line, without a header."""
    return any(path.parent.match(folder) for folder in ndop_files.FOLDERS.values())


def place_of_number(header: str) -> int | None:
    """Which cell of a row holds the NHS Number; None where a file has none."""
    names = [name.strip().upper() for name in header.removeprefix(BYTE_ORDER_MARK).split(",")]
    return next((names.index(name) for name in NUMBER_COLUMNS if name in names), None)


def cell_span(row: str, place: int) -> tuple[int, int] | None:
    """Where a cell of a line begins and ends; None where the line is too short to have it."""
    start = 0
    for _ in range(place):
        start = end_of_cell(row, start) + 1
        if start > len(row):
            return None
    return start, end_of_cell(row, start)


def end_of_cell(row: str, start: int) -> int:
    cell = CELL.match(row, start)
    # An empty cell matches as well.
    assert cell is not None
    return cell.end()


def rename_parquet(path: Path, target: Path, renaming: Renaming) -> None:
    """A Parquet file with other numbers; its rows keep their order."""
    table = pyarrow.parquet.read_table(path)
    for at, name in enumerate(table.column_names):
        if name.upper() in NUMBER_COLUMNS:
            values = [value and renaming.rewritten(value) for value in table.column(at).to_pylist()]
            table = table.set_column(at, name, pyarrow.array(values, table.schema.field(at).type))
    pyarrow.parquet.write_table(table, target)


def renamed_pseudonyms(new_number: dict[str, str], key: bytes, collection: str) -> dict[str, str]:
    """What each pseudonym should have become under the key of a collection, or of a release."""
    pseudonymise = pseudonymiser(key, collection)
    before, after = (pseudonymise(pyarrow.array(list(side), pyarrow.string())).to_pylist()
                     for side in (new_number.keys(), new_number.values()))  # fmt: skip
    return dict(zip(before, after, strict=True))


def findings(before: Path, after: Path, store_keys: StoreKeys, new_pseudonym: dict[str, str]) -> list[Finding]:
    """What differs between two stores, or is stored in an order that tells something.

    before, after    store folders, built with one key from a raw folder and from its renamed copy
    store_keys       the keys that open their encrypted databases
    new_pseudonym    pseudonym in the first -> in the second (renamed_pseudonyms), of the collection and
                     of its releases
    """
    with connect(before, store_keys) as left, connect(after, store_keys) as right:
        first, second = relations(left), relations(right)
        found = [
            Finding(NET, name, "is there under one numbering only") for name in sorted(first.keys() ^ second.keys())
        ]
        for name in sorted(first.keys() & second.keys()):
            problem = difference(left, right, name, first[name], new_pseudonym)
            found += [Finding(NET, name, problem)] if problem else []
    return found


def connect(store_dir: Path, store_keys: StoreKeys) -> duckdb.DuckDBPyConnection:
    """The databases of a store, read only."""
    connection = duckdb.connect(store.database_file(store_dir, store.MARTS), read_only=True)
    connection.execute("set timezone = 'Europe/London'")
    store.attach_store(connection, store_dir, store_keys)
    return connection


def relations(connection: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    """Everything stored, by its full name: is it a view?"""
    rows = connection.execute(
        f"""
        select database_name, schema_name, table_name, false from duckdb_tables()
        where database_name in {store.OF_A_RUN}
        union all
        select database_name, schema_name, view_name, true from duckdb_views()
        where database_name in {store.OF_A_RUN} and not internal
        """
    ).fetchall()
    return {".".join(name): is_view for *name, is_view in rows}


def difference(
    left: duckdb.DuckDBPyConnection,
    right: duckdb.DuckDBPyConnection,
    name: str,
    is_view: bool,
    new_pseudonym: dict[str, str],
) -> str | None:
    """What tells one table under two numberings apart; None if nothing does."""
    if is_view:
        return "is a view: what it shows is worked out anew whenever somebody asks"
    columns, rows = content(left, name)
    other_columns, other_rows = content(right, name)
    if columns != other_columns:
        return "has other columns"
    if keys := [columns.index(column) for column in PSEUDONYMS if column in columns]:
        key = keys[0]
        if any(is_out_of_order(side, key) for side in (rows, other_rows)):
            return f"is not stored in the order of {columns[key]}"
        rows = [tuple(new_pseudonym.get(v) if at in keys else v for at, v in enumerate(row)) for row in rows]
        # stable: the rows of one person stay in the order in which they are stored
        rows.sort(key=lambda row: row[key] or "")
    if name in PACKED_SIZES:
        file, size = map(columns.index, PACKED_SIZES[name])
        rows, other_rows = (without_packed_sizes(side, file, size) for side in (rows, other_rows))
    if len(rows) != len(other_rows):
        return "has more or fewer rows"
    if rows == other_rows:
        return None
    differing = [
        column for at, column in enumerate(columns) if any(row[at] != other[at] for row, other in zip(rows, other_rows))
    ]
    return f"differs in {', '.join(differing)}"


def content(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of a table, as they are stored."""
    quoted = ".".join(f'"{part}"' for part in name.split("."))
    cursor = connection.execute(f"select * from {quoted} order by rowid")
    return [column[0] for column in cursor.description], cursor.fetchall()


def is_out_of_order(rows: list[tuple[Any, ...]], key: int) -> bool:
    return any((a[key] or "") > (b[key] or "") for a, b in itertools.pairwise(rows))


def without_packed_sizes(rows: list[tuple[Any, ...]], file: int, size: int) -> list[Cells]:
    """The rows, no size for a file that is not plain text."""
    return [row if row[file].endswith(".csv") else (*row[:size], None, *row[size + 1 :]) for row in rows]
