"""What the marts say of chance, once more from the counts that they show: scipy, and no SQL of the project.

Also the proof that intervals, limits, categories and reasons reveal nothing: whoever has the shown counts
can work out each of them.
"""

import functools
import math
from collections import Counter

import duckdb
import pytest
import yaml
from conftest import PROJECT, Folders
from disclosure_run import Runner, compiled
from scipy import stats
from test_disclosure import random_counts

Row = dict[str, object]
LEVELS = {"99_8": 0.001, "95": 0.025}
Z = {tail: stats.norm.isf(tail) for tail in LEVELS.values()}
LIMITS = ("lower_99_8", "lower_95", "upper_95", "upper_99_8")
SCALE = {"percent": 100, "per_1000": 1000}
EXACT_BELOW = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]["exact_poisson_below"]
GP_FLOOR, PRACTICE_FLOOR = 100, 750


def wilson(count: int, size: int, side: str, tail: float) -> float:
    """The proportion from which the count lies z standard errors away, to the side."""
    z, share = Z[tail], count / size
    middle = share + z * z / (2 * size)
    half = z * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return (middle + (half if side == "upper" else -half)) / (1 + z * z / size)


@functools.cache
def poisson(count: int, side: str, tail: float) -> float:
    """The mean of which the count is just not too extreme: Byar's, or exact below the setting."""
    if count < EXACT_BELOW:
        if side == "lower":
            return stats.chi2.ppf(tail, 2 * count) / 2 if count else 0.0
        return stats.chi2.isf(tail, 2 * count + 2) / 2
    if side == "lower":
        return count * (1 - 1 / (9 * count) - Z[tail] / (3 * math.sqrt(count))) ** 3
    above = count + 1
    return above * (1 - 1 / (9 * above) + Z[tail] / (3 * math.sqrt(above))) ** 3


def interval(unit: str, count: int, size: int) -> dict[str, float]:
    """The limits of a result's own interval, by name."""
    found = {}
    for name in LIMITS:
        side, level = name.split("_", 1)
        tail = LEVELS[level]
        found[name] = (
            wilson(count, size, side, tail) if unit == "percent" else poisson(count, side, tail) / size
        )
    return found


def notable_count(expected: float, side: str, tail: float) -> float:
    """How many events are just notable, between whole counts in proportion, by looking at one after the other."""
    own_side = {"lower": "upper", "upper": "lower"}[side]
    if expected < poisson(0, own_side, tail):
        return 0.0
    count = 0
    while poisson(count + 1, own_side, tail) <= expected:
        count += 1
    below, above = poisson(count, own_side, tail), poisson(count + 1, own_side, tail)
    return count + (expected - below) / (above - below)


def funnel(unit: str, baseline: float, size: int) -> dict[str, float]:
    """The limits around a comparator, by name."""
    found = {}
    for name in LIMITS:
        side, level = name.split("_", 1)
        tail = LEVELS[level]
        if unit == "per_1000":
            found[name] = notable_count(baseline * size, side, tail) / size
        else:
            error = Z[tail] * math.sqrt(baseline * (1 - baseline) / size)
            limit = baseline + (error if side == "upper" else -error)
            found[name] = min(1.0, max(0.0, limit))
    return found


def category(value: float, limits: dict[str, float]) -> str:
    """By the funnel's limits, whereas the mart goes by the result's own interval."""
    if value < limits["lower_99_8"]:
        return "lower_99_8"
    if value > limits["upper_99_8"]:
        return "higher_99_8"
    if value < limits["lower_95"]:
        return "lower_95"
    return "higher_95" if value > limits["upper_95"] else "as_expected"


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    result = connection.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


class Marts:
    """What is published, and nothing else."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ccgs: dict[str, str]) -> None:
        self.ccgs = ccgs
        self.units = dict(connection.execute("select metric_id, unit from marts.dim_metrics").fetchall())
        self.gps = rows(connection, "select * from marts.main.fct_gp_metrics")
        self.areas = rows(connection, "select * from marts.main.fct_comparators")
        self.funnels = rows(connection, "select * from marts.main.fct_gp_funnels")

    def list_size(self, results: list[Row], **where: str) -> int:
        sizes = [
            row["denominator_count"] or 0
            for row in results
            if all(row[name] == value for name, value in where.items())
        ]
        return max(sizes)

    def reason(self, gp: Row, area: Row) -> str | None:
        practice = gp["practice_code"]
        if gp["gp_code"] == "UNASSIGNED":
            return "no_usual_gp"
        if gp["denominator_text"] == "0":
            return "nobody_eligible"
        if "*" in (gp["numerator_text"], gp["denominator_text"]):
            return "withheld"
        if "*" in (area["numerator_text"], area["denominator_text"]):
            return "comparator_withheld"
        if self.list_size(self.gps, practice_code=practice, gp_code=gp["gp_code"]) < GP_FLOOR:
            return "short_list"
        if area["area_level"] == "england" and (
            self.list_size(self.areas, area_level="practice", area_code=practice) < PRACTICE_FLOOR
        ):
            return "small_practice"
        return None


def wrong_intervals(marts: Marts, seen: Counter) -> list[tuple]:
    """Areas and columns of intervals that the shown counts do not give."""
    wrong = []
    for row in marts.gps + marts.areas:
        unit = marts.units[row["metric_id"]]
        count, size = row["numerator_count"], row["denominator_count"]
        expected: dict[str, float | None] = dict.fromkeys(LIMITS)
        if count is not None and size:
            expected = interval(unit, count, size)
        for name in LIMITS:
            seen[unit, "interval", expected[name] is None] += 1
            if not is_shown_as(row[f"{name}_ci"], expected[name], SCALE[unit]):
                wrong.append((row.get("gp_code") or row["area_code"], row["metric_id"], name))
    return wrong


def wrong_funnels(marts: Marts, seen: Counter) -> list[tuple]:
    """GPs, comparators and columns of funnels that the shown counts do not give."""
    wrong = []
    funnels = {
        (row["practice_code"], row["gp_code"], row["metric_id"], row["comparator_level"]): row
        for row in marts.funnels
    }
    areas = {(row["area_code"], row["metric_id"]): row for row in marts.areas}
    for gp in marts.gps:
        metric, unit = gp["metric_id"], marts.units[gp["metric_id"]]
        for level, code in (("ccg", marts.ccgs[gp["practice_code"]]), ("england", "ENGLAND")):
            area = areas[code, metric]
            row = funnels.pop((gp["practice_code"], gp["gp_code"], metric, level))
            reason = marts.reason(gp, area)
            limits: dict[str, float | None] = dict.fromkeys(LIMITS)
            baseline = place = None
            if area["numerator_count"] is not None and area["denominator_count"]:
                baseline = area["numerator_count"] / area["denominator_count"]
            if reason is None:
                limits = funnel(unit, baseline, gp["denominator_count"])
                place = category(gp["numerator_count"] / gp["denominator_count"], limits)
            seen[unit, place or reason] += 1
            same = {
                "comparator_value": is_shown_as(row["comparator_value"], baseline, SCALE[unit]),
                "category": row["category"] == place,
                "not_compared_reason": row["not_compared_reason"] == reason,
                **{
                    name: is_shown_as(row[f"{name}_limit"], limits[name], SCALE[unit]) for name in LIMITS
                },
            }
            wrong += [(gp["gp_code"], metric, level, name) for name, is_same in same.items() if not is_same]
    return wrong + list(funnels)


def is_shown_as(shown: float | None, exact: float | None, scale: int) -> bool:
    """Whether the value is the other one in its unit, to one decimal place; either way where it is halfway."""
    if shown is None or exact is None:
        return shown is exact
    return abs(shown - scale * exact) <= 0.05 + 1e-9 and round(shown, 1) == shown


def test_the_sample_says_what_its_shown_counts_give(warehouse: duckdb.DuckDBPyConnection) -> None:
    ccgs = dict(warehouse.execute("select practice_code, ccg_code from marts.dim_practices").fetchall())
    marts, seen = Marts(warehouse, ccgs), Counter()
    assert not wrong_intervals(marts, seen)
    assert not wrong_funnels(marts, seen)
    for unit in SCALE:
        assert seen[unit, "interval", True] and seen[unit, "interval", False]
        assert seen[unit, "as_expected"] and seen[unit, "withheld"] and seen[unit, "no_usual_gp"]
    assert seen["percent", "higher_95"] and seen["percent", "lower_99_8"]


def test_the_rules_are_those_of_the_seed(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select gp_list_floor, national_practice_floor from patient_level.intermediate.int_disclosure__rules"
    ).fetchone()
    assert found == (GP_FLOOR, PRACTICE_FLOOR)


@pytest.fixture(scope="module")
def runner(built: Folders) -> Runner:
    return Runner(compiled(built))


def test_random_counts_say_what_their_shown_counts_give(runner: Runner) -> None:
    seen: Counter = Counter()
    for seed in range(20):
        counts = random_counts(seed)
        practices = counts[2]
        runner.forget()
        runner.run(*counts)
        marts = Marts(runner.connection, practices)
        assert not wrong_intervals(marts, seen), seed
        assert not wrong_funnels(marts, seen), seed
    for unit in SCALE:
        for place in ("lower_99_8", "lower_95", "as_expected", "higher_95", "higher_99_8"):
            assert seen[unit, place], (unit, place)
    assert seen["percent", "short_list"] and seen["percent", "small_practice"]


def test_no_exact_count_makes_a_difference(runner: Runner) -> None:
    """Two tables of counts that look alike look alike in every column, whatever lies behind them.

    The second has other exact counts that are rounded to the same ones; a model that looked past
    the shown counts would give itself away here.
    """
    gps, areas, practices = alike(0)
    first = published(runner, gps, areas, practices)
    second = published(runner, *alike(2)[:2], practices)
    assert first == second
    assert {row["not_compared_reason"] for row in first if "category" in row} == {None, "short_list"}
    third = published(runner, *alike(5)[:2], practices)
    assert third != first


def alike(more: int) -> tuple[list, list, dict]:
    """Two practices of nine lists each, from 98 to 898 patients; a few more patients everywhere."""
    gps = [
        (practice, f"G{gp}", metric, 28 + 20 * gp + more, (93 if gp == 0 else 98 + 100 * gp) + more)
        for practice in ("P00", "P01")
        for gp in range(9)
        for metric in ("emergency_admissions", "bowel", "diabetes")
    ]
    level = []
    for metric in ("emergency_admissions", "bowel", "diabetes"):
        level += [("practice", practice, metric, 1000, 4200) for practice in ("P00", "P01")]
        level += [("ccg", "C0", metric, 2000, 8400), ("england", "ENGLAND", metric, 2000, 8400)]
    return gps, level, {"P00": "C0", "P01": "C0"}


def published(runner: Runner, gps: list, areas: list, practices: dict) -> list[Row]:
    runner.forget()
    runner.run(gps, areas, practices)
    marts = Marts(runner.connection, practices)
    return marts.gps + marts.areas + marts.funnels
