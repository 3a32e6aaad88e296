"""What people read in place of the ids that tables hold."""

import csv
import functools
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
UNITED_KINGDOM = ZoneInfo("Europe/London")
WITHHELD, NONE = "*", "–"


@functools.cache
def _words() -> dict[tuple[str, str], str]:
    return {(row["kind"], row["id"]): row["words"] for row in rows_of("words.csv")}


def rows_of(name: str) -> list[dict[str, str]]:
    """A CSV file of this folder."""
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def of(kind: str, found: str | None, **numbers: int) -> str:
    """The words for an id; an id without any is told as it is, with blanks."""
    if found is None:
        return ""
    return _words().get((kind, found), found.replace("_", " ")).format(**numbers)


def are_there(kind: str, found: str) -> bool:
    """Whether an id has words of its own."""
    return (kind, found) in _words()


@functools.cache
def columns_of(file: str, columns: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Name, kind and meaning of each column of a handed-out file; a LookupError for one without."""
    known = {(row["file"], row["column"]): row for row in rows_of("dictionary.csv")}
    found = []
    for column in columns:
        row = known.get((file, column)) or known.get(("", column))
        if row is None:
            raise LookupError(f"dictionary.csv does not know the column {column} of {file}")
        found.append((column, row["kind"], row["meaning"]))
    return found


def moment(text: str | datetime) -> str:
    """A moment in the time of the United Kingdom: 2 April 2017 at 09:00."""
    told = datetime.fromisoformat(text) if isinstance(text, str) else text
    return f"{told.astimezone(UNITED_KINGDOM):%-d %B %Y at %H:%M}"


def day(text: str | date) -> str:
    """A day: 2 April 2017; of a moment, the day in the United Kingdom."""
    if isinstance(text, str):
        if len(text) > 10:
            text = datetime.fromisoformat(text).astimezone(UNITED_KINGDOM).date()
        else:
            text = date.fromisoformat(text)
    return f"{text:%-d %B %Y}"


def count(text: str | None) -> str:
    """A count as text, with its thousands apart; `*` stays."""
    return f"{int(text):,}" if text and text.lstrip("-").isdigit() else text or NONE


def value(number: float | str | None, unit: str) -> str:
    """A result as the tables show it, in its unit."""
    if number is None or number == "":
        return NONE
    if number == WITHHELD:
        return WITHHELD
    return f"{number}%" if unit == "percent" else f"{number} per 1,000"


def listed(texts: Iterable[str]) -> str:
    """a, b and c."""
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last
