"""The look at the results shows what is published and adds nothing up; the app runs without a browser."""

import ast
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from conftest import PROJECT, Folders
from gp_level_data.pages import explored
from gp_level_data.refusal import Refusal

APP = PROJECT / "gp_level_data" / "pages" / "explore.py"


@pytest.fixture(scope="module")
def every(built: Folders) -> list[tuple[explored.Row, list[explored.Row]]]:
    """What is shown of each metric at every third practice."""
    metrics = explored.rows(built.store, explored.METRICS)
    practices = explored.rows(built.store, explored.PRACTICES)[::3]
    return [(metric, explored.places(built.store, metric, each)) for metric in metrics for each in practices]


def test_each_level_has_a_row_of_its_own(every: list[tuple[explored.Row, list[explored.Row]]]) -> None:
    """Flags a level that is missing, or stands twice."""
    assert len(every) >= 20
    for _, found in every:
        levels = [row["level"] for row in found]
        assert levels == ["GP"] * (len(found) - 3) + ["practice", "CCG", "England"]
        assert len(found) > 3


def test_what_is_withheld_stays_so(every: list[tuple[explored.Row, list[explored.Row]]]) -> None:
    """Flags a value or an interval of a count that is not shown."""
    withheld = [row for _, found in every for row in found if row["is_suppressed"]]
    assert withheld
    assert all(row["value"] is row["lower_95_ci"] is row["upper_95_ci"] is None for row in withheld)
    assert all("*" in (row["numerator_text"], row["denominator_text"]) for row in withheld)


def test_values_are_those_of_the_marts(built: Folders) -> None:
    """Flags a value of another place, by a query of its own."""
    metric = next(row for row in explored.rows(built.store, explored.METRICS) if row["unit"] == "per_1000")
    practice = explored.rows(built.store, explored.PRACTICES)[0]
    found = explored.places(built.store, metric, practice)
    query = """
        select rate_per_1000, numerator_text from fct_comparators
        where area_level = 'ccg' and area_code = $code and metric_id = $metric
    """
    [expected] = explored.rows(built.store, query, code=practice["ccg_code"], metric=metric["metric_id"])
    assert [(row["value"], row["numerator_text"]) for row in found if row["level"] == "CCG"] == [
        tuple(expected.values())
    ]


def test_the_picture_has_a_point_or_a_star_for_each_place(every: list[tuple[explored.Row, list[explored.Row]]]) -> None:
    """Flags a place without a mark, and a star that is drawn over a value."""
    for metric, found in every:
        picture = explored.drawn(metric, found).to_dict()
        told = picture["data"]["values"]
        assert [row["place"] for row in told] == [row["place"] for row in found]
        assert all((row["mark"] == "*") == bool(row["is_suppressed"]) for row in told)
        assert picture["title"] == metric["title"]


@pytest.mark.parametrize(
    "statement", ["create table kept (one int)", "delete from fct_gp_metrics", "from read_text('README.md')"]
)
def test_the_marts_are_only_read(built: Folders, statement: str) -> None:
    """Flags a look that can change results, or read anything besides."""
    with explored.opened(built.store) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement)


def test_no_results_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="There are no results"), explored.opened(tmp_path):
        pass


def used_of(module: str) -> Iterator[str]:
    """The names that the app takes from a module."""
    for node in ast.walk(ast.parse(APP.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == module:
            yield node.attr


def test_the_app_uses_what_is_there() -> None:
    """Flags an app that calls what is no more; where marimo is not installed, all that can be seen of it."""
    assert set(used_of("explored")) >= {"rows", "places", "drawn"}
    assert all(hasattr(explored, name) for name in used_of("explored"))


def test_the_app_runs_without_a_browser(built: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags an app that stops at a cell. marimo comes with `make examples`."""
    pytest.importorskip("marimo")
    from gp_level_data.pages.explore import app

    monkeypatch.setenv("STORE_DIR", str(built.store))
    outputs, defined = app.run()
    assert len(outputs) == 3
    assert defined["chart"].to_dict()["data"]["values"]
    assert {row["level"] for row in defined["found"]} == set(explored.LEVELS)
