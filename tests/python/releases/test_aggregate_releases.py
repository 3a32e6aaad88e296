"""An aggregate release tells nothing that the tables for planning do not show, whatever is asked for.

Every choice of what a table is counted by is refused or made, by the project's own macros, over the tables for
planning of random patients (test_planning.py); what comes out is compared with the rows of the table.
"""

import itertools
import random
from collections import Counter
from typing import Any

import pytest
import yaml

from bench import release_sql
from bench.planning_sql import Planning
from conftest import PROJECT
from gp_level_data import releases
from gp_level_data.pages import data_dictionary
from gp_level_data.shapes import Row
from planning.test_planning import MONTH, NOT_GIVEN, given, small
from registers.register_oracle import REFERENCE
from releases.release_world import published
from releases.test_release_requests import AGGREGATE, REQUEST, RULES, reasons

OFFERED = [row for row in RULES["release_datasets"] if row["kind"] in ("dimension", "breakdown", "shown")]
TABLES = list(dict.fromkeys(row["dataset"] for row in OFFERED))


def columns(table: str, *kinds: str) -> list[str]:
    return [row["column_name"] for row in OFFERED if row["dataset"] == table and row["kind"] in kinds]


def request(table: str, asked: list[str]) -> dict[str, str]:
    """A request for some columns of a table, of the random patients' period."""
    period = {"period_start": MONTH.isoformat(), "period_end": REFERENCE.isoformat()}
    return REQUEST | AGGREGATE | period | {"datasets": table, "columns_asked": " ".join(asked)}


def choices(table: str, seed: int) -> list[list[str]]:
    """Every choice of what the table is counted by, each with something of what it shows, in some order."""
    draw = random.Random(f"{table} {seed}")
    by, shown = columns(table, "dimension", "breakdown"), columns(table, "shown")
    chosen = [
        [*of_these, *draw.sample(shown, draw.randint(1, len(shown)))]
        for size in range(len(by) + 1)
        for of_these in itertools.combinations(by, size)
    ]
    return [draw.sample(asked, len(asked)) for asked in chosen]


@pytest.fixture(scope="module")
def planning() -> Planning:
    return small()


def test_whatever_is_asked_for_is_refused_or_rows_of_the_table(planning: Planning) -> None:
    """Flags a request that is accepted, and told a sum, a row or a count that its table does not show."""
    told: dict[str, set[Any]] = {table: set() for table in TABLES}
    for seed in range(6):
        planning.rows("delete from assurance.history.int_disclosure__published")
        given(planning, seed)
        planning.run(NOT_GIVEN)
        for table in TABLES:
            rows = rows_of(planning, table)
            for asked in choices(table, seed):
                wanted = request(table, asked)
                is_told_whole = is_whole(table, asked)
                assert (reasons(wanted) == []) == is_told_whole, asked
                if is_told_whole:
                    released = planning.rows(extract_of(wanted))
                    assert Counter(released) == published(wanted, rows), asked
                    told[table].update(value for row in released for value in row)
    # Much is told, and much withheld.
    assert all("*" in values and len(values) > 20 for values in told.values())


def is_whole(table: str, asked: list[str]) -> bool:
    """Whether a choice has all that rows are counted by, but for a breakdown as a whole."""
    by, breakdown = {*columns(table, "dimension")}, {*columns(table, "breakdown")}
    return by <= {*asked} and breakdown & {*asked} in (set(), breakdown)


def rows_of(planning: Planning, table: str) -> list[Row]:
    """A table for planning as it is published."""
    cursor = planning.connection.execute(f"from marts.main.fct_{table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def extract_of(wanted: dict[str, str]) -> str:
    """The SQL of a release, where the warehouse run has its tables."""
    sql = release_sql.compiled_from(releases.model(wanted), requests=[wanted])
    return sql.replace('"memory"."main"', '"marts"."main"')


@pytest.mark.parametrize("table", TABLES)
def test_what_is_offered_of_a_table_is_what_it_has(table: str) -> None:
    """Flags a column of the seed that the table has not, or of another type; and one that tells rows apart, and is not
    said to: left out, rows of several things would look like one."""
    types = {name: data_type for name, data_type, _ in data_dictionary.columns_of(f"fct_{table}")}
    offered = {row["column_name"]: row["data_type"] for row in OFFERED if row["dataset"] == table}
    assert offered.items() <= types.items()
    models = yaml.safe_load((PROJECT / "models/marts/planning/_planning__models.yml").read_text())["models"]
    [tests] = [model["data_tests"] for model in models if model["name"] == f"fct_{table}"]
    [key] = [test["unique_key"]["arguments"]["columns"] for test in tests if "unique_key" in test]
    assert sorted(columns(table, "dimension", "breakdown")) == sorted(key)
