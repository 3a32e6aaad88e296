"""A seed of codes that a spreadsheet has saved is noticed: the data test's own SQL over seeds spoilt in each way."""

import random
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from bench import engine_sql, gateway_sql
from gp_level_data.shapes import Cells, Row
from intake.verhoeff import has_check_digit
from journals.journal_oracle import is_snomed
from opt_outs.opt_out_oracle import seed

SEEDS = ("opt_out_codes", "journal_codes", "restricted_codes")


def problems(name: str, rows: list[Row]) -> list[Cells]:
    """What the data test says of a seed."""
    [sql] = [
        node["compiled_code"]
        for node in gateway_sql.manifest()["nodes"].values()
        if node["resource_type"] == "test" and node["name"].startswith(f"codes_have_their_shape_{name}")
    ]
    connection = duckdb.connect()
    connection.execute("create schema seeds")
    gateway_sql.create(connection, f"seeds.{name}", rows, list(rows[0]))
    relation = gateway_sql.relations()[name]
    return connection.execute(sql.replace(relation, f"seeds.{name}")).fetchall()


def spoilt(name: str, scheme: str, change: Any) -> list[Row]:
    """A seed of which every code of a scheme was changed."""
    return [
        row | {"code": change(row["code"])} if row.get("code_scheme", "SNOMED") == scheme else row for row in seed(name)
    ]


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_as_it_is(name: str) -> None:
    assert problems(name, seed(name)) == []


SNOMED = {
    "an exponent": lambda code: f"{float(code):.5E}",
    "decimals": lambda code: f"{code}.0",
    "two figures swapped": lambda code: code[:1] + code[2] + code[1] + code[3:] if code[1] != code[2] else code + "0",
    "a digit lost": lambda code: code[1:],
    "a blank": lambda code: f" {code}",
    "an empty code": lambda code: None,
}


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("change", SNOMED)
def test_snomed_codes_that_are_spoilt(name: str, change: str) -> None:
    assert problems(name, spoilt(name, "SNOMED", SNOMED[change])) != []


@pytest.mark.parametrize("places", [14, 6])
def test_one_code_that_is_rounded(places: int) -> None:
    """Of 15 digits and more a spreadsheet keeps fifteen, and shows six: some pass the check digit all the same."""
    for at, row in enumerate(seed("opt_out_codes")):
        if row["code_scheme"] == "SNOMED":
            kept = 15 - 3 if places == 14 else places
            rows = seed("opt_out_codes")
            rows[at] = row | {"code": row["code"][:kept].ljust(len(row["code"]), "0")}
            assert problems("opt_out_codes", rows) != []


READ: dict[str, Callable[[str], str]] = {
    "dots lost": lambda code: code.rstrip("."),
    "a digit lost": lambda code: code[1:],
    "upper case": str.upper,
    "lower case": str.lower,
    "another sign": lambda code: f"{code[:4]}-",
    "dots in the middle": lambda code: f"{code[:2]}.{code[3:]}",
    "a term": lambda code: f"{code}00",
}


@pytest.mark.parametrize("change", READ)
def test_read_codes_that_are_spoilt(change: str) -> None:
    rows = [
        row | {"code": READ[change](row["code"])} if row["code_scheme"] != "SNOMED" else row
        for row in seed("opt_out_codes")
    ]
    assert problems("opt_out_codes", rows) != []


def test_a_scheme_that_nobody_knows() -> None:
    rows = [row | {"code_scheme": "ICD10"} for row in seed("opt_out_codes")]
    assert problems("opt_out_codes", rows) != []


def test_the_check_digit_of_any_code() -> None:
    """A code of 6 to 18 digits passes if its last digit is the one in ten."""
    drawn = random.Random(20170401)
    passing: list[Row] = []
    others: list[Row] = []
    for _ in range(60):
        stem = drawn.choice("123456789") + "".join(drawn.choices("0123456789", k=drawn.randrange(2, 15)))
        stem += "10" if len(stem) > 8 else "00"
        codes = [f"{stem}{last}" for last in range(10)]
        passing += [{"code": code} for code in codes if has_check_digit(code)]
        others += [{"code": code} for code in codes if not has_check_digit(code)]
    assert (len(passing), len(others)) == (60, 540)
    assert problems("restricted_codes", passing) == []
    assert problems("restricted_codes", others) == [(len(others),)]


def test_what_is_a_code_of_a_concept() -> None:
    """Flags a code of a concept taken for none, or a description, a rounded or a foreign code taken for one."""
    drawn = random.Random(20170401)
    stems = ["".join(drawn.choices("0123456789", k=drawn.randrange(1, 17))) for _ in range(800)]
    codes = [f"{stem}{kind}{last}" for stem in stems for kind in ("00", "10", "01", "11") for last in range(10)]
    codes += [
        change(code) for code in codes[::7] for change in (lambda c: f"{c}.0", lambda c: f"{c} |Asthma|", str.lower)
    ]
    codes += ["", " ", "C10F.", "9.99791E+14", "44054006", "999791000000106"]
    connection = duckdb.connect()
    gateway_sql.create(connection, "codes", [{"code": code} for code in codes], ["code"])
    is_one = engine_sql.render("is_snomed_code('code')")
    found = {code for (code,) in connection.execute(f"select code from codes where {is_one}").fetchall()}
    assert found == {code for code in codes if is_snomed(code)} and len(found) > 500
