"""What leaves the house as CSV: harmless in a spreadsheet, the same again when it is read."""

import csv
import stat
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gp_level_data.pages.handed_out import harmless, write_csv, write_sums
from gp_level_data.shapes import Cells

FORMULAS = (
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    '=HYPERLINK("http://example.org")',
    "|cmd",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "＝1+1",
    "＠SUM(A1)",
    "harmless\n=1+1",
    "harmless\r=1+1",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text(text: str) -> None:
    """Flags a text that a spreadsheet would run."""
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", ["*", "A81001", "G1455852", "O'BRIEN", "a = b", "", -1.5, -3, None, Decimal("0.38")])
def test_the_rest_stays_as_it_is(value: object) -> None:
    """Flags a withheld count, a negative number or a name that is changed."""
    assert harmless(value) == value


@settings(max_examples=50)
@given(st.lists(st.tuples(st.text(), st.integers(), st.one_of(st.none(), st.floats(allow_nan=False)))))
def test_written_and_read_again(tmp_path_factory: pytest.TempPathFactory, rows: list[Cells]) -> None:
    """Flags a value that a reader of CSV gets otherwise, or a cell that begins like a formula."""
    rows = [(text.encode("utf-8", "ignore").decode().replace("\0", ""), *rest) for text, *rest in rows]
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    write_csv(path, ("text", "whole", "fraction"), rows)
    with path.open(newline="", encoding="utf-8") as file:
        header, *found = csv.reader(file)
    assert header == ["text", "whole", "fraction"]
    assert [row[0].removeprefix("'") for row in found] == [row[0].removeprefix("'") for row in rows]
    assert [int(row[1]) for row in found] == [row[1] for row in rows]
    assert [float(row[2]) if row[2] else None for row in found] == [row[2] for row in rows]
    assert not any(row[0].strip()[:1] in tuple("=+-@") and row[0].strip() for row in found)


def test_a_separator_in_a_text_separates_nothing(tmp_path: Path) -> None:
    """Flags a text that another country's spreadsheet would take for two cells, the second a formula."""
    write_csv(tmp_path / "a.csv", ("text",), [("a;=1+1",)])
    assert (tmp_path / "a.csv").read_bytes() == b'"text"\r\n"a;=1+1"\r\n'


def test_files_are_private_and_their_sums_right(tmp_path: Path) -> None:
    """Flags a file that others may read before it is handed over, or a checksum of something else."""
    written = write_csv(tmp_path / "a.csv", ("a",), [("*",)])
    write_sums(tmp_path, [written])
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    digest, name = (tmp_path / "SHA256SUMS").read_text().split()
    assert name == "a.csv" and bytes.fromhex(digest) == written.digest
    assert written.byte_count == (tmp_path / "a.csv").stat().st_size
