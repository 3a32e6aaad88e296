"""Parquet: each file by its own types, and every value in the words that a CSV would have for it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.parquet
from pyarrow import types

from gp_level_data.custody.store import sql_text
from gp_level_data.raw.landing.broken import Broken
from gp_level_data.raw.landing.contract import MOMENTS
from gp_level_data.raw.landing.delimited import clean

# Beyond these a whole number may have been rounded, and what is left is somebody else's.
EXACT_IN_DOUBLE, EXACT_IN_FLOAT, EXACT_IN_HALF = 2**53, 2**24, 2**11
EXPONENT = "%.6e"
# Of wider decimals the engine makes other numbers, without a word.
DECIMALS_READ = 38


@dataclass(frozen=True)
class Typed:
    """The columns of a Parquet file: the name in capitals, the name as sent, the select of its text.

    A text of None marks a type that is not read: it holds no single value, or the engine reads another one.
    """

    columns: tuple[tuple[str, str, str | None], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _, _ in self.columns)

    def unusable(self, names: set[str]) -> list[str]:
        """Which of the columns that are to be read have a type that is not."""
        return [name for name, _, text in self.columns if name in names and text is None]

    def select(self, names: set[str]) -> str:
        """The select list of the columns that are to be read."""
        return ", ".join(f"{text} as {quoted(name)}" for name, _, text in self.columns if name in names and text)


def look_into(path: Path) -> Typed:
    """The types of a file, by its own schema; Broken where it has none."""
    try:
        schema = pyarrow.parquet.read_schema(path)
    except PermissionError:
        raise
    except (OSError, pyarrow.ArrowException) as error:
        raise Broken("unreadable_file", "it is no Parquet, or not whole") from error
    return Typed(tuple((clean(field.name), field.name, text_of(field.type, field.name)) for field in schema))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text_of(kind: pyarrow.DataType, name: str) -> str | None:
    """The select of a column's text."""
    column = quoted(name)
    if types.is_dictionary(kind):
        return text_of(kind.value_type, name)
    if types.is_floating(kind):
        return text_of_float(kind, column)
    if types.is_decimal(kind):
        if kind.precision > DECIMALS_READ:
            return None
        return f"regexp_replace(cast({column} as varchar), '[.]0+$', '')"
    if types.is_timestamp(kind):
        return text_of_moment(kind, column, is_moment=clean(name) in MOMENTS)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind):
        return f"try(decode({column}))"
    is_plain = (
        types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
        or types.is_integer(kind) or types.is_boolean(kind) or types.is_date(kind) or types.is_null(kind)
    )  # fmt: skip
    return f"cast({column} as varchar)" if is_plain else None


def text_of_float(kind: pyarrow.DataType, column: str) -> str:
    """Whole numbers without a point; with an exponent where digits are lost, so that it is told."""
    exact = {"float": EXACT_IN_FLOAT, "halffloat": EXACT_IN_HALF}.get(str(kind), EXACT_IN_DOUBLE)
    return (
        f"case when isnan({column}) then null when isinf({column}) then 'infinity'"
        f" when abs({column}) > {exact} then printf('{EXPONENT}', cast({column} as double))"
        f" when {column} = trunc({column}) then cast(cast({column} as bigint) as varchar)"
        f" else cast({column} as varchar) end"
    )


def text_of_moment(kind: pyarrow.TimestampType, column: str, is_moment: bool) -> str:
    """ISO 8601, with Z where the zone is known; in a column of days, midnight is the day."""
    if kind.tz is None:
        instant, zone = f"cast({column} as timestamp)", ""
        # Statistics packages write days as midnight, in Greenwich or at home.
        days = [instant]
    else:
        instant, zone = f"make_timestamp(epoch_us({column}))", " || 'Z'"
        days = [instant, f"timezone('Europe/London', {column})"]
    cases = "" if is_moment else " ".join(
        f"when {day} = date_trunc('day', {day}) then strftime({day}, '%Y-%m-%d')" for day in days
    )  # fmt: skip
    text = f"replace(cast({instant} as varchar), ' ', 'T'){zone}"
    return f"case {cases} else {text} end" if cases else text


def is_given(names: list[str]) -> str:
    """The condition that a row says anything at all; an empty one is no row."""
    return " or ".join(f"trim({quoted(name)}) <> ''" for name in names) or "true"


def count(path: Path, typed: Typed, names: set[str], moment: str | None) -> tuple[int, str | None]:
    """Rows that are not empty, and the first one's moment, read as the gateway will read them.

    What the engine stumbles over here it would stumble over in the run of every practice.
    """
    read = [name for name in typed.names if name in names]
    source = f"select {typed.select(names)} from {reader([path])}"
    with duckdb.connect(config={"threads": 1}) as connection, told_apart():
        [(row_count, _)] = connection.execute(
            f"select count(*), bit_xor(hash({', '.join(map(quoted, read))})) from ({source}) where {is_given(read)}"
        ).fetchall()
        first = None
        if moment in read:
            first = connection.execute(
                f"select {quoted(moment)} from ({source}) where {is_given(read)} limit 1"
            ).fetchone()
    return row_count, first[0] if first else None


@contextlib.contextmanager
def told_apart() -> Iterator[None]:
    """An error of the engine as a broken rule: its own words may quote a value."""
    try:
        yield
    except duckdb.Error:
        failed = True
    else:
        failed = False
    if failed:
        raise Broken("unreadable_file", "its rows cannot be read: it is damaged, or packed in an unusual way")


def reader(paths: list[Path]) -> str:
    """The table function that reads files of one schema; nothing is taken from their paths."""
    listed = ", ".join(f"'{sql_text(path)}'" for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false, filename = 'landing_path')"
