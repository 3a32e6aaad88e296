"""Whose objection a row is, however its number is written: the staging model's own SQL against plain Python.

What is drawn are people and ways of writing; no text with a number is printed.
"""

import random
from collections.abc import Callable, Sequence

import duckdb
import hypothesis
import pytest
from hypothesis import strategies as st

from bench import gateway_sql
from conftest import examples, test_number
from opt_outs.opt_out_oracle import number_of_objection

ZEROS = (0x0660, 0x06F0, 0x0966, 0x0E50, 0xFF10, 0x104A0, 0x1D7CE, 0x1D7F6)
BETWEEN = (" ", "-", ".", ",", "/", "_", "'", "’", " ", " ", " ", "​", "‎", "‏", "⁠",
           "﻿", "­", "\t", "\n", "–", "−", "·", "|", ";", "()", " - ", "\0")  # fmt: skip


def in_digits(zero: int) -> Callable[[str], str]:
    """In the digits of a script, by its zero."""
    return lambda n: "".join(chr(zero + int(digit)) for digit in n)


# text of a number -> the same number written otherwise
SURE: dict[str, Callable[[str], str]] = {
    "decimals": lambda n: f"{n}.0",
    "many decimals": lambda n: f"{n}.0000000000",
    "a decimal comma": lambda n: f"{n},00",
    "decimals and blanks": lambda n: f" {n}.0 ",
    "quoted": lambda n: f'"{n}"',
    "an apostrophe in front": lambda n: f"'{n}",
    "a formula": lambda n: f'="{n}"',
    "a formula of a number": lambda n: f"={n}",
    "a byte order mark": lambda n: f"﻿{n}",
    "a mark of direction": lambda n: f"‪{n}‬",
    "no-break spaces": lambda n: f" {n[:3]} {n[3:6]} {n[6:]} ",
    "groups of thousands": lambda n: f"{int(n):,}",
    "groups of thousands and decimals": lambda n: f"{int(n):,}.00",
    "groups of thousands in Germany": lambda n: f"{int(n):,}".replace(",", ".") + ",00",
    "groups of thousands in Switzerland": lambda n: f"{int(n):,}".replace(",", "’"),
    "an exponent with all digits": lambda n: f"{n[0]}.{n[1:]}E9",
    "an exponent as Python writes it": lambda n: f"{int(n):.9E}",
    "an exponent with a comma": lambda n: f"{n[0]},{n[1:]}e+09",
    "an exponent with zeros behind": lambda n: f"{n[0]}.{n[1:]}000E+009",
    "an exponent of a formula": lambda n: f'="{n[0]}.{n[1:]}E+09"',
    "an exponent of nothing": lambda n: f"{n}E0",
    "text in front": lambda n: f"NHS: {n[:3]} {n[3:6]} {n[6:]}",
    "text behind": lambda n: f"{n} (verified)",
    "with a day of birth": lambda n: f"{n} 01/02/1950",
    "twice": lambda n: f"{n} / {n}",
    "once more in groups": lambda n: f"{n} ({n[:3]} {n[3:6]} {n[6:]})",
    "a number of the list": lambda n: f"12. {n}",
    "on two lines": lambda n: f"{n[:5]}\n{n[5:]}",
    **{f"digits of U+{zero:04X}": in_digits(zero) for zero in ZEROS},
}  # fmt: skip
NONE: dict[str, Callable[[str], str]] = {
    "an exponent that lost digits": lambda n: f"{n[0]}.{n[1:3]}E+09",
    "an exponent that lost the last digit": lambda n: f"{n[0]}.{n[1:9]}E+09",
    "an exponent of another size": lambda n: f"{n[0]}.{n[1:]}E8",
    "a negative exponent": lambda n: f"{n}E-1",
    "nine digits": lambda n: n[:9],
    "nine digits and decimals": lambda n: f"{n[:9]}.0",
    "eleven digits": lambda n: f"{n}0",
    "letters": lambda n: "JRDAN 269",
    "letters for zeros": lambda n: n.replace("0", "O"),
    "a letter inside": lambda n: f"{n[:4]}x{n[4:]}",
    "two numbers": lambda n: f"{n} {test_number(900_001)}",
    "two numbers, the first again": lambda n: f"{n} {test_number(900_001)} {n}",
    "two numbers without a blank": lambda n: f"{n}{test_number(900_001)}",
    "nothing": lambda n: "",
    "NULL": lambda n: "NULL",
    "dashes": lambda n: "---",
}  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    for schema in ("landing", "staging"):
        connection.execute(f"create schema {schema}")
    return connection


def read(connection: duckdb.DuckDBPyConnection, texts: Sequence[str | None]) -> list[str | None]:
    """What the staging model reads of each text."""
    columns = [
        "practice_code",
        "nhs_number",
        "code_scheme",
        "code",
        "effective_date",
        "recorded_at",
        "file_practice_code",
        "file_row",
    ]
    with gateway_sql.without_values("staging"):
        rows = [{"nhs_number": text} for text in texts]
        gateway_sql.create(connection, "landing.opt_outs", rows, columns)
        sql = gateway_sql.compiled("stg_gpes__opt_outs")
        found = connection.execute(f"select nhs_number from ({sql}) as staged").fetchall()
    return [None if number is None else f"{number:010d}" for (number,) in found]


PEOPLE = [test_number(person) for person in range(0, 2_000, 37)]
assert any(number.endswith("0") for number in PEOPLE)


@pytest.mark.parametrize("name", SURE)
def test_a_spelling_that_is_one_person(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    texts = [SURE[name](number) for number in PEOPLE]
    wrong = sum(found != number for found, number in zip(read(connection, texts), PEOPLE, strict=True))
    oracle_wrong = sum(number_of_objection(text) != number for text, number in zip(texts, PEOPLE, strict=True))
    assert (wrong, oracle_wrong) == (0, 0)


@pytest.mark.parametrize("name", NONE)
def test_a_spelling_that_may_be_anybody(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    texts = [NONE[name](number) for number in PEOPLE]
    read_count = sum(found is not None for found in read(connection, texts))
    assert (read_count, sum(number_of_objection(text) is not None for text in texts)) == (0, 0)


def test_separators_of_any_kind_and_place(connection: duckdb.DuckDBPyConnection) -> None:
    """Any one separator or several, anywhere between the digits, and anything but letters and digits around them."""
    drawn = random.Random(20170401)
    texts = []
    for number in PEOPLE * 20:
        # a point before the last digit, a nought, is a decimal point
        usable = [each for each in BETWEEN if each not in ".," or number[-1] != "0"]
        kinds = drawn.sample(usable, drawn.choice((1, 2, 3)))
        inside = [drawn.choice(kinds) * (drawn.random() < 0.4) for _ in number]
        text = "".join(digit + between for digit, between in zip(number, inside, strict=True))
        texts.append(drawn.choice(BETWEEN) + text + drawn.choice(("", ".0", *BETWEEN)))
    wrong = sum(found != number for found, number in zip(read(connection, texts), PEOPLE * 20, strict=True))
    assert wrong == 0


PIECES = st.one_of(
    st.sampled_from(["9990000018", "999", "000", "0018", "00", "0", "9", "12", ".0", ".00", ",0", "E9", "E+09", "E0"]),
    st.sampled_from([*BETWEEN, "NHS", "x", "Nº", "²", "９", "٣", '="', '"', "²", "é"]),
    st.text(alphabet="0123456789 .,-", max_size=6),
    st.characters(codec="utf-8"),
)


@examples(300)
@hypothesis.given(pieces=st.lists(PIECES, max_size=9))
def test_whatever_is_written(connection: duckdb.DuckDBPyConnection, pieces: list[str]) -> None:
    """Flags a text that is read as somebody else, or as somebody where plain Python is not sure; unread is safe."""
    text = "".join(pieces).replace("\0", " ")
    [found] = read(connection, [text])
    is_safe = found in (None, number_of_objection(text))
    assert is_safe
