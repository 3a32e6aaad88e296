"""Values and what the marts say of chance, once more: scipy, and no SQL of the project.

Where a cell says that it is exact, from the exact counts. Everywhere else from the counts that are shown, which is
the proof that values, intervals, limits, categories and reasons reveal nothing there: whoever has the shown counts
can work out each of them. What is exact, an attacker is told (test_disclosure.py).
"""

import functools
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest
import yaml
from scipy import stats

from bench.disclosure_run import Runner, compiled
from conftest import PROJECT
from disclosure.test_disclosure import random_counts
from gp_level_data.shapes import Cells, Row

LEVELS = {"99_8": 0.001, "95": 0.025}
Z = {tail: float(stats.norm.isf(tail)) for tail in LEVELS.values()}
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
            return float(stats.chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
        return float(stats.chi2.isf(tail, 2 * count + 2)) / 2
    if side == "lower":
        return count * math.pow(1 - 1 / (9 * count) - Z[tail] / (3 * math.sqrt(count)), 3)
    above = count + 1
    return above * math.pow(1 - 1 / (9 * above) + Z[tail] / (3 * math.sqrt(above)), 3)


def interval(unit: str, count: int, size: int) -> dict[str, float]:
    """The limits of a result's own interval, by name."""
    found = {}
    for name in LIMITS:
        side, level = name.split("_", 1)
        tail = LEVELS[level]
        found[name] = wilson(count, size, side, tail) if unit == "percent" else poisson(count, side, tail) / size
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


def funnel(unit: str, baseline: float, size: float) -> dict[str, float]:
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


@dataclass(frozen=True)
class Told:
    """What a cell is told to have: the counts of its lowest value, and of its highest."""

    lowest: tuple[int, int]
    highest: tuple[int, int]

    @property
    def values(self) -> tuple[float, float]:
        """The lowest and the highest value, for one patient."""
        return self.lowest[0] / self.lowest[1], self.highest[0] / self.highest[1]

    @property
    def value(self) -> float:
        return sum(self.values) / 2


class Marts:
    """What is published, and of cells that say that they are exact, the exact counts."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ccgs: dict[str, str]) -> None:
        self.ccgs = ccgs
        self.exact = {
            tuple(keys): (met, eligible)
            for *keys, met, eligible in connection.execute(
                "select practice_code, gp_code, metric_id, numerator_count, denominator_count"
                " from patient_level.intermediate.int_metrics__by_gp union all"
                " select null, area_code, metric_id, numerator_count, denominator_count"
                " from patient_level.intermediate.int_metrics__by_area"
            ).fetchall()
        }
        self.units = dict(connection.execute("select metric_id, unit from marts.seeds.metrics").fetchall())
        self.gps = rows(connection, "select * from marts.main.fct_gp_metrics")
        self.areas = rows(connection, "select * from marts.main.fct_comparators")
        self.funnels = rows(connection, "select * from marts.main.fct_gp_funnels")

    def exact_counts(self, row: Row) -> tuple[int, int]:
        """Not for what is published, but of what it is about."""
        return self.exact[row.get("practice_code"), row.get("gp_code") or row["area_code"], row["metric_id"]]

    def told(self, row: Row) -> Told | None:
        """From the shown counts alone, but where the row says that it is exact; None where there is no value."""
        count, size = row["numerator_count"], row["denominator_count"]
        if count is None or not size:
            return None
        if row["is_exact"]:
            return Told(self.exact_counts(row), self.exact_counts(row))
        (least, most), (smallest, largest) = ((n and max(8, n - 2), n and n + 2) for n in (count, size))
        return Told((least, largest), (most, max(most, smallest)))

    def told_size(self, row: Row) -> float:
        """The denominator, the middle where it is not told exactly."""
        size = row["denominator_count"]
        return self.exact_counts(row)[1] if row["is_exact"] else (max(8, size - 2) + size + 2) / 2

    def list_size(self, results: list[Row], **where: str) -> int:
        sizes = [
            row["denominator_count"] or 0 for row in results if all(row[name] == value for name, value in where.items())
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
        if gp["denominator_count"] < GP_FLOOR:
            return "few_eligible"
        if area["area_level"] == "england" and (
            self.list_size(self.areas, area_level="practice", area_code=practice) < PRACTICE_FLOOR
        ):
            return "small_practice"
        return None


def wrong_intervals(marts: Marts, seen: Counter[Any]) -> list[Cells]:
    """Areas and columns of values and intervals that what they are told to have does not give."""
    wrong = []
    for row in marts.gps + marts.areas:
        unit, told = marts.units[row["metric_id"]], marts.told(row)
        expected: dict[str, float | None] = dict.fromkeys(LIMITS)
        if told:
            lowest, highest = interval(unit, *told.lowest), interval(unit, *told.highest)
            expected = {name: (lowest if name.startswith("lower") else highest)[name] for name in LIMITS}
        seen[unit, "exact", row["is_exact"]] += 1
        value = row["percent" if unit == "percent" else "rate_per_1000"]
        if not is_shown_as(value, told.value if told else None, SCALE[unit]):
            wrong.append((row.get("gp_code") or row["area_code"], row["metric_id"], "value"))
        for name in LIMITS:
            seen[unit, "interval", expected[name] is None] += 1
            if not is_shown_as(row[f"{name}_ci"], expected[name], SCALE[unit]):
                wrong.append((row.get("gp_code") or row["area_code"], row["metric_id"], name))
    return wrong


def wrong_funnels(marts: Marts, seen: Counter[Any]) -> list[Cells]:
    """GPs, comparators and columns of funnels that what they are told to have does not give."""
    wrong = []
    funnels = {
        (row["practice_code"], row["gp_code"], row["metric_id"], row["comparator_level"]): row for row in marts.funnels
    }
    areas = {(row["area_code"], row["metric_id"]): row for row in marts.areas}
    for gp in marts.gps:
        metric, unit = gp["metric_id"], marts.units[gp["metric_id"]]
        for level, code in (("ccg", marts.ccgs[gp["practice_code"]]), ("england", "ENGLAND")):
            area = areas[code, metric]
            row = funnels.pop((gp["practice_code"], gp["gp_code"], metric, level))
            reason = marts.reason(gp, area)
            limits: Mapping[str, float | None] = dict.fromkeys(LIMITS)
            place, compared, told = None, marts.told(area), marts.told(gp)
            baseline = compared.value if compared else None
            if reason is None:
                assert told and compared and baseline is not None, "a row without a value gives no reason"
                limits = funnel(unit, baseline, marts.told_size(gp))
                ends = {
                    category(value, funnel(unit, against, size))
                    for value, against, size in zip(
                        told.values, compared.values[::-1], (told.lowest[1], told.highest[1]), strict=True
                    )
                }
                place = ends.pop() if len(ends) == 1 else None
                reason = None if place else "near_a_limit"
            seen[unit, place or reason] += 1
            # Nobody is told anything false: what is said is what the exact counts say.
            if place:
                (met, eligible), (all_met, all_eligible) = marts.exact_counts(gp), marts.exact_counts(area)
                truth = category(met / eligible, funnel(unit, all_met / all_eligible, eligible))
                wrong += [(gp["gp_code"], metric, level, "false")] if place != truth else []
            same = {
                "comparator_value": is_shown_as(row["comparator_value"], baseline, SCALE[unit]),
                "category": row["category"] == place,
                "not_compared_reason": row["not_compared_reason"] == reason,
                **{name: is_shown_as(row[f"{name}_limit"], limits[name], SCALE[unit]) for name in LIMITS},
            }
            wrong += [(gp["gp_code"], metric, level, name) for name, is_same in same.items() if not is_same]
    return wrong + list(funnels)


def is_shown_as(shown: float | None, exact: float | None, scale: int) -> bool:
    """Whether the value is the other one in its unit, to one decimal place; either way where it is halfway."""
    if shown is None or exact is None:
        return shown is exact
    return abs(shown - scale * exact) <= 0.05 + 1e-9 and round(shown, 1) == shown


def test_the_sample_says_what_its_counts_give(warehouse: duckdb.DuckDBPyConnection) -> None:
    ccgs = dict(warehouse.execute("select practice_code, ccg_code from marts.dim_practices").fetchall())
    marts = Marts(warehouse, ccgs)
    seen: Counter[Any] = Counter()
    assert not wrong_intervals(marts, seen)
    assert not wrong_funnels(marts, seen)
    for unit in SCALE:
        assert seen[unit, "interval", True] and seen[unit, "interval", False]
        assert seen[unit, "as_expected"] and seen[unit, "withheld"] and seen[unit, "no_usual_gp"]
        assert seen[unit, "exact", True] and seen[unit, "exact", False] and seen[unit, "near_a_limit"]
    assert seen["percent", "few_eligible"] and seen["percent", "lower_99_8"] and seen["per_1000", "higher_95"]


def test_the_rules_are_those_of_the_seed(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select gp_list_floor, national_practice_floor from patient_level.intermediate.int_disclosure__rules"
    ).fetchone()
    assert found == (GP_FLOOR, PRACTICE_FLOOR)


@pytest.fixture(scope="module")
def runner() -> Runner:
    return Runner(compiled())


def test_random_counts_say_what_they_give(runner: Runner) -> None:
    seen: Counter[Any] = Counter()
    for seed in range(20):
        counts = random_counts(seed)
        practices = counts[2]
        runner.forget()
        runner.run(*counts)
        marts = Marts(runner.connection, practices)
        assert not wrong_intervals(marts, seen), seed
        assert not wrong_funnels(marts, seen), seed
    for place in ("lower_99_8", "lower_95", "as_expected", "higher_95", "higher_99_8"):
        assert any(seen[unit, place] for unit in SCALE), place
    for unit in SCALE:
        assert seen[unit, "exact", True] and seen[unit, "exact", False]
    assert seen["percent", "short_list"] and seen["percent", "small_practice"] and seen["percent", "few_eligible"]
