"""An attacker with everything that is published, and nothing else.

What is shown is a range: 0 is 0, 10 is 8 to 12, `*` is 1 or more. The attacker knows which areas make up
which, that the patients of a numerator are in the denominator and those of a denominator on the list, that
who was admitted was admitted for at least one condition, and, to be on the safe side, how often people are
counted in two areas. Two ways to use it: bounds that are passed on until nothing changes, and a solver that
looks at all counts at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, sparse

from gp_level_data.shapes import Cells

Cell = tuple[str, ...]  # level, practice, area, metric, measure
Place = tuple[str, str, str]  # level, practice, area

UNKNOWN = 10**6


@dataclass
class Published:
    """Ranges of all counts, and what ties them together."""

    low: dict[Cell, int] = field(default_factory=dict)
    high: dict[Cell, int] = field(default_factory=dict)
    withheld: list[Cell] = field(default_factory=list)
    sums: list[tuple[Cell, list[Cell], int]] = field(default_factory=list)
    # The counts on the left are together no more than those on the right.
    orders: list[tuple[list[Cell], list[Cell]]] = field(default_factory=list)
    # Who judges the attack knows which counts are small and which are nobody's; the attacker never looks.
    small: set[Cell] = field(default_factory=set)
    nobody: set[Cell] = field(default_factory=set)

    def add(self, cell: Cell, text: str, lowest: int = 1) -> None:
        """A count as its text says; some are withheld where they are nobody's too (lowest 0)."""
        if text == "*":
            self.withheld.append(cell)
            self.low[cell], self.high[cell] = lowest, UNKNOWN
        elif text == "0":
            self.low[cell] = self.high[cell] = 0
        else:
            shown = int(text)
            assert shown >= 10 and shown % 5 == 0, "a count is shown that must not be"
            self.low[cell], self.high[cell] = shown - 2, shown + 2

    def tell(self, cell: Cell, count: int) -> None:
        """A count that a value gives away: with one decimal place, taken for known exactly."""
        assert self.low[cell] <= count <= self.high[cell], "a value is told that the shown count contradicts"
        self.low[cell] = self.high[cell] = count


def place_above(level: str, practice: str, parents: Mapping[str, str]) -> Place | None:
    """The place that a GP's list, a practice or a CCG is a part of."""
    if level == "gp":
        return "practice", practice, practice
    if level == "practice":
        return "ccg", "", parents[practice]
    return ("england", "", "ENGLAND") if level == "ccg" else None


def read_published(
    gps: Iterable[Cells],
    areas: Iterable[Cells],
    parents: Mapping[str, str],
    lists: set[str],
    excess: Mapping[Cell, int],
) -> Published:
    """Rows of fct_gp_metrics and fct_comparators with their texts, and what everybody knows.

    `parents` gives a practice's CCG; `lists` the metrics whose denominator is the whole list; `excess` the
    appearances less people of (level, area, metric, measure).
    """
    published = Published()
    children: dict[Cell, list[Cell]] = {}
    rows: list[Cell] = [("gp", *row) for row in gps]
    rows += [(level, area if level == "practice" else "", area, *rest) for level, area, *rest in areas]
    metrics = {row[3] for row in rows}
    for level, practice, area, metric, *texts in rows:
        above = place_above(level, practice, parents)
        for measure, text in zip(("numerator", "denominator"), texts, strict=True):
            cell = (level, practice, area, metric, measure)
            published.add(cell, text)
            if above:
                children.setdefault((*above, metric, measure), []).append(cell)
        place = (level, practice, area)
        published.orders.append(([(*place, metric, "numerator")], [(*place, metric, "denominator")]))
        if metric not in lists:
            published.orders += [
                ([(*place, metric, "denominator")], [(*place, name, "denominator")]) for name in sorted(lists & metrics)
            ]
    published.sums = [
        (total, parts, excess.get((total[0], total[2], *total[3:]), 0)) for total, parts in children.items()
    ]
    return published


def add_conditions(
    published: Published, rows: Iterable[Cells], parents: Mapping[str, str], excess: Mapping[Cell, int]
) -> None:
    """Rows of fct_emergency_admissions: level, practice, area, condition, what is counted, text.

    Each condition's patients are among those admitted for any, who are no more than those of all conditions
    together, who have an admission each.
    """
    parts: dict[Cell, list[Cell]] = {}
    places: dict[Place, list[Cell]] = {}
    for level, practice, area, condition, counted, text in rows:
        place = (level, practice or "", area)
        cell = (*place, condition, counted)
        published.add(cell, text, lowest=0)
        if above := place_above(level, practice or "", parents):
            parts.setdefault((*above, condition, counted), []).append(cell)
        places.setdefault(place, []).append(cell)
    published.sums += [
        (total, cells, excess.get((total[0], total[2], *total[3:]), 0)) for total, cells in parts.items()
    ]
    for place, cells in places.items():
        patients = [cell for cell in cells if cell[-1] == "patients"]
        met: list[Cell] = [(*place, "emergency_admissions", "numerator")]
        published.orders += [([cell], met) for cell in patients]
        published.orders += [(met, patients), (patients, [(*place, "any", "admissions")])]


def by_propagation(published: Published) -> dict[Cell, tuple[int, int]]:
    """What bounds say of the withheld counts."""
    ranges = passed_on(published)
    return {cell: ranges[cell] for cell in published.withheld}


def passed_on(published: Published) -> dict[Cell, tuple[int, int]]:
    """What bounds say of all counts, passed on until nothing changes."""
    low, high = dict(published.low), dict(published.high)
    before = None
    while before != (sum(low.values()), sum(high.values())):
        before = (sum(low.values()), sum(high.values()))
        for smaller, larger in published.orders:
            most, least = sum(high[cell] for cell in larger), sum(low[cell] for cell in smaller)
            for cell in smaller:
                high[cell] = min(high[cell], most - least + low[cell])
            for cell in larger:
                low[cell] = max(low[cell], least - most + high[cell])
        for total, parts, excess in published.sums:
            all_low = sum(low[part] for part in parts) - excess
            all_high = sum(high[part] for part in parts) - excess
            low[total], high[total] = max(low[total], all_low), min(high[total], all_high)
            for part in parts:
                others_low, others_high = all_low - low[part], all_high - high[part]
                low[part], high[part] = (
                    max(low[part], low[total] - others_high),
                    min(high[part], high[total] - others_low),
                )
    return {cell: (low[cell], high[cell]) for cell in low}


def by_solver(published: Published) -> dict[Cell, tuple[int, int]]:
    """The lowest and highest value of every withheld count over all tables that would look the same.

    Each solution shows values of all counts; a count whose values are far enough apart is not asked for again,
    so that its range is one that is certainly possible, not always the widest.
    """
    cells = list(published.low)
    place = {cell: index for index, cell in enumerate(cells)}
    bounds = optimize.Bounds(list(published.low.values()), list(published.high.values()))
    entries: list[tuple[int, int, int]] = []
    lower: list[float] = []
    upper: list[float] = []
    for total, parts, excess in published.sums:
        entries += [(len(lower), place[part], 1) for part in parts]
        entries.append((len(lower), place[total], -1))
        lower.append(excess)
        upper.append(excess)
    for smaller, larger in published.orders:
        entries += [(len(lower), place[cell], 1) for cell in smaller]
        entries += [(len(lower), place[cell], -1) for cell in larger]
        lower.append(-np.inf)
        upper.append(0)
    rows, columns, values = zip(*entries)
    matrix = sparse.csr_array((values, (rows, columns)), shape=(len(lower), len(cells)))
    constraint = optimize.LinearConstraint(matrix, lower, upper)
    lowest = np.full(len(cells), np.inf)
    highest = np.full(len(cells), -np.inf)

    def solve(objective: np.ndarray) -> None:
        found = optimize.milp(objective, integrality=np.ones(len(cells)), bounds=bounds, constraints=constraint)
        assert found.success, f"the published tables contradict each other: {found.message}"
        nonlocal lowest, highest
        solution = np.round(found.x)
        lowest, highest = np.minimum(lowest, solution), np.maximum(highest, solution)

    def unsettled() -> list[int]:
        return [
            place[cell]
            for cell in published.withheld
            if not is_hidden(published, cell, (lowest[place[cell]], highest[place[cell]]))
        ]

    # Many counts pushed up or down at once settle most of them in a few solutions.
    chance = np.random.default_rng(0)
    for _ in range(20):
        objective = np.zeros(len(cells))
        asked = unsettled()
        objective[asked] = chance.choice([-1, 1], len(asked))
        solve(objective)
    for index in unsettled():
        for sign in (1, -1):
            objective = np.zeros(len(cells))
            objective[index] = sign
            solve(objective)
    return {cell: (int(lowest[place[cell]]), int(highest[place[cell]])) for cell in published.withheld}


def is_hidden(published: Published, cell: Cell, possible: tuple[float, float]) -> bool:
    """Whether the range is no narrower than 1 to 7; for a GP's small number, all of 1 to 7.

    That nobody was counted is no secret.
    """
    low, high = possible
    if cell in published.nobody:
        return True
    return high - low >= 6 and (cell not in published.small or (low <= 1 and high >= 7))


def revealed(published: Published, ranges: dict[Cell, tuple[int, int]]) -> list[Cell]:
    """The withheld counts that an attack has narrowed down."""
    return [cell for cell, possible in ranges.items() if not is_hidden(published, cell, possible)]
