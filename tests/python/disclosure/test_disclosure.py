"""Nothing published gives a small number away, neither by itself nor by subtraction.

The attacker has the sample's marts, and the marts that the project's own compiled SQL makes of many random
counts. The same attacker must win where small numbers alone are withheld.
"""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pytest

from bench.disclosure_run import (
    CONDITIONS,
    LISTS,
    METRICS,
    OfArea,
    OfCondition,
    OfGp,
    Runner,
    compiled,
    exact_cells,
    exact_counts,
    publication,
)
from conftest import PROJECT
from disclosure.attacker import Cell, Published, by_propagation, by_solver, passed_on, revealed
from gp_level_data.raw import landing
from gp_level_data.shapes import Cells

FIRST, SECOND = "2017-04-02 09:00:00+01", "2017-07-02 09:00:00+01"
Counts = tuple[list[OfGp], list[OfArea], dict[str, str], list[OfCondition]]
Attack = Callable[[Published], dict[Cell, tuple[int, int]]]
Person = tuple[str, str, int]  # practice, GP, which one


def random_counts(seed: int) -> Counts:
    """1 to 3 CCGs of 1 to 5 practices of 1 to 8 lists, many of them short, some people counted twice."""
    chance = np.random.default_rng(seed)
    lists = [(3, 15, 60, 400), (3, 10, 12), (400,)][chance.choice(3, p=[0.6, 0.2, 0.2])]
    practices: dict[str, str] = {}
    gps: list[OfGp] = []
    for ccg in range(chance.integers(1, 4)):
        for number in range(chance.integers(1, 6)):
            practice = f"P{ccg}{number}"
            practices[practice] = f"C{ccg}"
            for gp in range(chance.integers(1, 9)):
                patients = int(chance.integers(300 if lists == (400,) else 1, chance.choice(lists) + 1))
                for metric in METRICS:
                    eligible = patients
                    if metric not in LISTS:
                        eligible = int(chance.binomial(patients, chance.choice([0, 0.1, 0.5, 0.9, 1])))
                    met = int(chance.binomial(eligible, chance.choice([0, 0.02, 0.3, 0.9, 1])))
                    gps.append((practice, f"G{gp}", metric, met, eligible))
    areas = areas_of(gps, practices, chance)
    return gps, areas, practices, conditions_of(gps, areas, practices, chance)


def conditions_of(
    gps: list[OfGp], areas: list[OfArea], practices: dict[str, str], chance: np.random.Generator
) -> list[OfCondition]:
    """int_metrics__by_condition: for whom of the GPs' patients were admitted, and how often; most of them once.

    Who counts once less in an area than in its parts is one person there, with the same admissions.
    """
    weights = chance.dirichlet(np.full(len(CONDITIONS), chance.choice([0.3, 2])))
    more = chance.choice([0, 0.05, 0.4])
    admitted: dict[Person, tuple[set[str], int]] = {}  # of each person, the conditions and the number of admissions
    for practice, gp, metric, met, _ in gps:
        for number in range(met if metric == "emergency_admissions" else 0):
            has = {condition for condition in CONDITIONS if chance.random() < more}
            has.add(CONDITIONS[chance.choice(len(CONDITIONS), p=weights)])
            admitted[practice, gp, number] = (has, len(has) + int(chance.poisson(more)))

    same = {person: person for person in admitted}
    exact = {row[:3]: row[3] for row in areas}
    for level, part_of, whole_of in (
        ("ccg", lambda practice: practice, practices.__getitem__),
        ("england", practices.__getitem__, lambda _: "ENGLAND"),
    ):
        parts: dict[str, dict[str, set[Person]]] = {}
        for person, first in same.items():
            part, whole = part_of(person[0]), whole_of(person[0])
            parts.setdefault(whole, {}).setdefault(part, set()).add(first)
        for whole, persons in parts.items():
            sets = sorted(map(sorted, persons.values()), key=len)
            excess = sum(map(len, sets)) - exact[level, whole, "emergency_admissions"]
            again = dict(zip(sets[-2][:excess], sets[-1])) if excess else {}
            same = {person: again.get(first, first) for person, first in same.items()}

    people: dict[tuple[str, str | None, str], set[Person]] = {}
    for (practice, gp, _), first in same.items():
        for area in (
            ("gp", practice, gp),
            ("practice", practice, practice),
            ("ccg", None, practices[practice]),
            ("england", None, "ENGLAND"),
        ):
            people.setdefault(area, set()).add(first)
    rows: list[OfCondition] = []
    for place, patients in people.items():
        for condition in CONDITIONS:
            count = sum(condition in admitted[person][0] for person in patients)
            rows += [(*place, condition, count, count)] if count else []
        rows.append((*place, "any", len(patients), sum(admitted[person][1] for person in patients)))
    return rows


def areas_of(gps: list[OfGp], practices: dict[str, str], chance: np.random.Generator | None = None) -> list[OfArea]:
    """The areas' counts; by chance some people of two practices or CCGs, who count once above them."""
    level: dict[tuple[str, str], tuple[int, int]] = {}  # of an area and a metric, who met it and who is eligible
    for practice, _, metric, met, eligible in gps:
        before = level.get((practice, metric), (0, 0))
        level[practice, metric] = (before[0] + met, before[1] + eligible)
    rows: list[OfArea] = [("practice", *key, *both) for key, both in level.items()]
    repeats = chance if chance is not None and chance.random() < 0.5 else None
    for name, parent in (("ccg", practices.__getitem__), ("england", lambda _: "ENGLAND")):
        above: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for (area, metric), both in level.items():
            above.setdefault((parent(area), metric), []).append(both)
        level = {}
        for key, parts in above.items():
            met, eligible = (sum(part[measure] for part in parts) for measure in (0, 1))
            if repeats is not None and len(parts) > 1:
                # nobody can be in two parts who is not in the second largest of them
                most = [sorted(part[measure] for part in parts)[-2] for measure in (0, 1)]
                twice = int(repeats.integers(0, min(3, most[1]) + 1))
                met_twice = int(repeats.integers(0, min(twice, most[0]) + 1))
                twice = min(twice, met_twice + eligible - met)
                met, eligible = met - met_twice, eligible - twice
            level[key] = (met, eligible)
            rows.append((name, *key, met, eligible))
    return rows


@pytest.fixture(scope="module")
def queries() -> dict[str, str]:
    return compiled()


@pytest.fixture(scope="module")
def runner(queries: dict[str, str]) -> Runner:
    return Runner(queries)


@pytest.fixture(scope="module")
def without_second_step(queries: dict[str, str]) -> Runner:
    """The same SQL with secondary suppression left out: small numbers alone are suppressed."""
    return Runner(
        changed(queries, "int_gp_report__cells", "room.is_primary or decided.is_suppressed", "room.is_primary")
    )


@pytest.fixture(scope="module")
def everything_told(queries: dict[str, str]) -> Runner:
    """The same SQL with every value told from the exact counts."""
    return Runner(changed(queries, *TELLING["nothing is held"][:3]))


@pytest.fixture(scope="module")
def without_closing(queries: dict[str, str]) -> Runner:
    """The same SQL with conditions withheld for their small numbers alone."""
    rule = "room.condition_rank <= decided.closed_conditions"
    return Runner(changed(queries, "int_conditions__cells", rule, "room.cell_count between 1 and 7"))


def changed(queries: dict[str, str], model: str, rule: str, instead: str) -> dict[str, str]:
    """The same SQL without one of its rules."""
    assert rule in queries[model], "the test no longer finds what it switches off"
    return queries | {model: queries[model].replace(rule, instead)}


EXAMPLE = """
    select
        cells.gp_code,
        room.cell_count,
        if(room.is_primary, '', room.cell_count - room.shown_down || ' to ' || room.cell_count + room.shown_up),
        room.cell_count - room.suppressed_down || ' to ' || room.cell_count + room.suppressed_up,
        room.upper_protection || ' and ' || room.lower_protection,
        case when room.is_primary then 'primary' when decided.is_suppressed then 'secondary' else 'shown' end,
        coalesce(cells.numerator_count || '', '*'),
        if(cells.is_exact, cells.lowest_numerator || '', '')
    from patient_level.intermediate.int_gp_report__room as room
    inner join patient_level.intermediate.int_gp_report__decided as decided
        using (area_level, area_code, metric_id, measure)
    inner join patient_level.intermediate.int_gp_report__cells as cells using (area_level, area_code, metric_id)
    where area_level = 'gp' and measure = 'numerator'
    order by all
"""


def test_the_example_worked_by_hand_is_what_is_computed(runner: Runner) -> None:
    """Flags a step of macros/disclosure/README.md that the macros no longer take."""
    text = (PROJECT / "macros/disclosure/README.md").read_text()
    by_hand = [
        tuple(cell.strip() for cell in line[1:-2].split("|")) for line in re.findall(r"(?m)^\| G\d .*\|\n", text)
    ]
    gps = [("A81001", gp, "bowel", int(count), 1000) for gp, count, *_ in by_hand]
    practices = {"A81001": "00K"}
    runner.forget()
    runner.run(gps, areas_of(gps, practices), practices)
    computed = [tuple(map(str, row)) for row in runner.connection.execute(EXAMPLE).fetchall()]
    assert len(by_hand) == 5 and computed == by_hand
    totals = runner.connection.execute(
        "select distinct numerator_count, lowest_numerator, highest_numerator"
        " from patient_level.intermediate.int_gp_report__cells where area_level <> 'gp'"
    )
    assert totals.fetchall() == [(90, 92, 92)]


# What keeps values from telling withheld counts, and random counts of which one is learnt without it.
TELLING = {
    "nothing is held": ("int_gp_report__cells", "held.is_held or held.shown_count is null", "false", 1),
    "a total moves with those beneath it": ("int_gp_report__cells", "when totals.is_held then", "when false then", 3),
    "those beneath ask their total": ("int_gp_report__cells", "own.is_own or", "own.is_own or false and", 2),
}


@pytest.mark.parametrize("rule", TELLING)
def test_each_rule_about_values_protects_somebody(queries: dict[str, str], rule: str) -> None:
    *change, seed = TELLING[rule]
    published = published_of(Runner(changed(queries, *change)), random_counts(seed))
    assert revealed(published, by_propagation(published))


@pytest.mark.exhaustive
@pytest.mark.parametrize("attack", [by_propagation, by_solver])
def test_the_attack_succeeds_where_all_values_are_exact(everything_told: Runner, attack: Attack) -> None:
    found = [
        bool(revealed(published, attack(published)))
        for published in (published_of(everything_told, random_counts(seed)) for seed in range(1, 6))
    ]
    assert sum(found) >= 3


def few_others(connection: duckdb.DuckDBPyConnection) -> list[tuple[Cell, Cell]]:
    """Counts and what they are a part of, where 1 to 7 people make the difference."""
    exact = exact_counts(connection)
    pairs = []
    for (*place, metric, measure), count in exact.items():
        whole = (*place, metric if measure == "numerator" else max(LISTS), "denominator")
        if 1 <= exact[whole] - count <= 7:
            pairs.append(((*place, metric, measure), whole))
    return pairs


def widths(connection: duckdb.DuckDBPyConnection, told: bool) -> dict[tuple[Cell, ...], int]:
    """How wide the possible range of each count is, and of each difference of few_others."""
    ranges = passed_on(publication(connection, told))
    found: dict[tuple[Cell, ...], int] = {(cell,): high - low for cell, (low, high) in ranges.items()}
    for part, whole in few_others(connection):
        found[part, whole] = found[part,] + found[whole,]
    return found


def told_more_narrowly(connection: duckdb.DuckDBPyConnection, least: int) -> list[tuple[Cell, ...]]:
    """Differences of few people that values narrow down to less than `least`, and shown counts do not."""
    by_counts, by_values = widths(connection, told=False), widths(connection, told=True)
    return [pair for pair in by_values if len(pair) == 2 and by_values[pair] < min(least, by_counts[pair])]


def test_no_value_tells_who_few_do_not_meet_a_metric(runner: Runner, queries: dict[str, str]) -> None:
    """Flags exact values from which the 1 to 7 follow who are eligible and do not meet a metric, or on the list and
    not eligible: what is left stays open to five numbers, as one rounded count does."""
    room = "int_gp_report__room"
    one_way = changed(queries, room, "rules.small_number_to as has_few_others", "0 as has_few_others")
    unguarded, found = Runner(changed(one_way, room, "cells.list_count - cells.denominator_count", "-1")), 0
    for seed in range(1, 8):
        published_of(runner, random_counts(seed))
        assert not told_more_narrowly(runner.connection, 4), seed
        published_of(unguarded, random_counts(seed))
        found += len(told_more_narrowly(unguarded.connection, 4))
    assert found


def test_the_sample_tells_no_few_others(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert len(few_others(warehouse)) > 20
    assert not told_more_narrowly(warehouse, 4)


def published_of(runner: Runner, counts: Counts) -> Published:
    runner.forget()
    runner.run(*counts)
    return publication(runner.connection)


@pytest.mark.parametrize("attack", [by_propagation, by_solver])
def test_the_sample_reveals_nothing(warehouse: duckdb.DuckDBPyConnection, attack: Attack) -> None:
    published = publication(warehouse)
    assert published.small, "the sample has small numbers"
    assert not revealed(published, attack(published))


RANDOM = [
    *((by_propagation, range(seed, seed + 4)) for seed in range(0, 40, 4)),
    *((by_solver, range(seed, seed + 5)) for seed in range(100, 150, 5)),
]


@pytest.mark.exhaustive
@pytest.mark.parametrize(("attack", "seeds"), RANDOM)
def test_random_counts_reveal_nothing(runner: Runner, attack: Attack, seeds: range) -> None:
    for seed in seeds:
        published = published_of(runner, random_counts(seed))
        assert not revealed(published, attack(published)), seed


@pytest.mark.exhaustive
@pytest.mark.parametrize("attack", [by_propagation, by_solver])
def test_the_attack_succeeds_where_small_numbers_alone_are_withheld(
    without_second_step: Runner, attack: Attack
) -> None:
    found = [
        bool(revealed(published, attack(published)))
        for published in (published_of(without_second_step, random_counts(seed)) for seed in range(5))
    ]
    assert sum(found) >= 3


def test_the_attack_succeeds_on_conditions_that_are_not_closed(without_closing: Runner) -> None:
    found = [
        any(cell[3] in CONDITIONS for cell in revealed(published, by_propagation(published)))
        for published in (published_of(without_closing, random_counts(seed)) for seed in range(5))
    ]
    assert sum(found) >= 3


def test_conditions_are_shown_where_they_tell_nothing(runner: Runner) -> None:
    """Or the attacks above would have nothing to work with."""
    shown: Counter[str] = Counter()
    for seed in range(10):
        published_of(runner, random_counts(seed))
        shown.update(
            dict(
                runner.connection.execute(
                    "select area_level, count(*) from marts.main.fct_emergency_admissions"
                    " where shown_count > 0 group by area_level"
                ).fetchall()
            )
        )
    assert set(shown) == {"gp", "practice", "ccg", "england"}


# Lists of a practice beside a large one, with their patients by condition and how many of them were admitted
# once more; where each rule alone protects them.
LISTS_AT_RISK = {
    "few are closed together": (
        [{"asthma": 1, "copd": 28}, {"asthma": 10, "angina": 12, "copd": 40, "again": 20}],
        "int_conditions__decided", "and not has_few_closed", "",
    ),
    "any is between its conditions": (
        [{"asthma": 1, "copd": 2}, {"asthma": 14, "copd": 14}, {"asthma": 14, "copd": 14}, {"asthma": 18, "copd": 17}],
        "int_gp_report__room", "coalesce(all_parts_count, numerator_fence)", "numerator_fence",
    ),
}  # fmt: skip


@pytest.mark.parametrize("risk", LISTS_AT_RISK)
def test_each_rule_about_conditions_protects_somebody(queries: dict[str, str], risk: str) -> None:
    lists, model, rule, nothing = LISTS_AT_RISK[risk]
    assert rule in queries[model]
    large = [{"asthma": 50, "angina": 50, "copd": 50, "again": 20}] * 2
    counts = by_condition({"P00": lists, "P01": large})
    published = published_of(Runner(queries), counts)
    assert not revealed(published, by_solver(published))
    published = published_of(Runner(queries | {model: queries[model].replace(rule, nothing)}), counts)
    assert revealed(published, by_solver(published))


def by_condition(lists: dict[str, list[dict[str, int]]]) -> Counts:
    """Practices of one CCG, each patient with one condition and one or two admissions."""
    gps: list[OfGp] = []
    patients: Counter[tuple[str, str | None, str, str]] = Counter()  # by level, practice, area and condition
    again: Counter[tuple[str, str | None, str, str]] = Counter()
    for practice, parts in lists.items():
        for number, part in enumerate(parts):
            has = {condition: count for condition, count in part.items() if condition in CONDITIONS}
            gps.append((practice, f"G{number}", "emergency_admissions", sum(has.values()), 1000))
            places: tuple[tuple[str, str | None, str], ...] = (
                ("gp", practice, f"G{number}"),
                ("practice", practice, practice),
                ("ccg", None, "C0"),
                ("england", None, "ENGLAND"),
            )
            for place in places:
                patients.update({(*place, condition): count for condition, count in has.items()})
                patients[*place, "any"] += sum(has.values())
                again[*place, "any"] += part.get("again", 0)
    rows = [(*cell, count, count + again[cell]) for cell, count in patients.items()]
    practices = dict.fromkeys(lists, "C0")
    return gps, areas_of(gps, practices), practices, rows


def with_assurance(warehouse: duckdb.DuckDBPyConnection, published: Published) -> Published:
    """What the assurance marts publish beside it.

    Objectors of a supplier's practices add up to the supplier's. Who was left out of a practice by reason adds up to
    nearly what everybody knows, as all know about how many patients a practice has. Who was left out for an objection
    need not be among those whom the same practice sent: people move, and their objection with them.
    """
    parts: dict[Cell, list[Cell]] = {}
    for supplier, practice, kind, text, exact in warehouse.execute(
        "select e.gp_system_supplier, m.code, m.opt_out_kind, m.objector_text, e.objector_count"
        " from marts.main.fct_opt_out_reconciliation as m"
        " inner join patient_level.intermediate.int_opt_outs__extracts as e"
        " on m.code = e.practice_code and m.opt_out_kind = e.opt_out_kind where m.level = 'practice'"
    ).fetchall():
        part = ("objectors", practice, kind)
        published.add(part, text)
        parts.setdefault(("supplier", supplier, kind), []).append(part)
        published.small |= {part} if 1 <= exact <= 7 else set()
    for *names, text in warehouse.execute(
        "select level, code, opt_out_kind, objector_text from marts.main.fct_opt_out_reconciliation"
        " where level = 'supplier'"
    ).fetchall():
        published.add(tuple(names), text)
    published.sums += [(total, cells, 0) for total, cells in parts.items()]

    left_out: dict[str, list[Cell]] = {}
    sums: Counter[str] = Counter()
    for practice, reason, text, exact in warehouse.execute(
        "select m.practice_code, m.reason, m.person_text, e.row_count from marts.main.fct_exclusions as m"
        " inner join assurance.counts.int_intake__record_counts as e"
        " on m.practice_code = e.practice_code and m.reason = e.rule and e.verdict = 'excluded'"
    ).fetchall():
        part = ("left out", practice, reason)
        published.add(part, text)
        left_out.setdefault(practice, []).append(part)
        sums[practice] += exact
        published.small |= {part} if 1 <= exact <= 7 else set()
    for practice, cells in left_out.items():
        whole = ("left out", practice)
        nearest = 5 * ((sums[practice] + 2) // 5)
        published.low[whole], published.high[whole] = max(0, nearest - 2), nearest + 2
        published.sums.append((whole, cells, 0))
    return published


@pytest.mark.parametrize("attack", [by_propagation, by_solver])
def test_all_marts_together_reveal_nothing(warehouse: duckdb.DuckDBPyConnection, attack: Attack) -> None:
    """Flags counts that each mart hides and two of them give away; values, conditions and assurance are told at once."""
    published = with_assurance(warehouse, publication(warehouse))
    assert {cell[0] for cell in published.small} == {"gp", "objectors", "left out"}
    ranges = attack(published)
    shown = published.low.keys() - set(published.withheld)
    practices_with_a_reason_shown = {cell[1] for cell in shown if cell[0] == "left out" and len(cell) == 3}
    for cell in revealed(published, ranges):
        # Where every reason is withheld no more can be, and their sum, which nobody publishes, leaves six numbers.
        assert cell[0] == "left out" and cell[1] not in practices_with_a_reason_shown, cell
        assert ranges[cell][1] - ranges[cell][0] >= 5, cell


def test_zero_is_shown_and_1_to_7_are_not(runner: Runner) -> None:
    for seed in range(10):
        runner.forget()
        runner.run(*random_counts(seed))
        rows = runner.connection.execute(
            """
            select exact.numerator_count, numerator_text, exact.denominator_count, denominator_text
            from patient_level.intermediate.int_metrics__by_gp as exact
            inner join marts.main.fct_gp_metrics using (practice_code, gp_code, metric_id)
            """
        ).fetchall()
        for numerator, numerator_text, denominator, denominator_text in rows:
            for count, text in ((numerator, numerator_text), (denominator, denominator_text)):
                assert (count == 0) == (text == "0")
                assert not 1 <= count <= 7 or text == "*"
                assert text == "*" or abs(int(text) - count) <= 2


def test_no_mart_shows_an_exact_count(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Flags a count that came past disclosure control, in whatever mart, whatever it is about."""
    columns = warehouse.execute(
        "select table_name, column_name from duckdb_columns() where database_name = 'marts'"
        " and schema_name = 'main' and data_type in ('INTEGER', 'BIGINT', 'HUGEINT')"
    ).fetchall()
    assert len(columns) > 5
    exact = {
        (table, column)
        for table, column in columns
        if warehouse.execute(
            f"select count(*) from marts.main.{table} where {column} <> 0 and ({column} < 10 or {column} % 5 <> 0)"
        ).fetchone()
        != (0,)
    }
    assert not exact


def moved(counts: Counts, by: dict[str, int]) -> Counts:
    """The same counts later: some lists of the first practice are longer."""
    gps, _, practices, conditions = counts
    later = [
        (practice, gp, metric, met, eligible + (by.get(gp, 0) if practice == "P00" else 0))
        for practice, gp, metric, met, eligible in gps
    ]
    return later, areas_of(later, practices), practices, conditions


@pytest.fixture
def two_practices() -> Counts:
    gps = [
        (practice, f"G{gp}", metric, 40, 100 + 10 * gp)
        for practice in ("P00", "P01")
        for gp in range(4)
        for metric in METRICS
    ]
    practices = {"P00": "C0", "P01": "C0"}
    areas = areas_of(gps, practices)
    return gps, areas, practices, conditions_of(gps, areas, practices, np.random.default_rng(0))


def reasons(runner: Runner) -> dict[str, str | None]:
    return dict(
        runner.connection.execute(
            "select gp_code, max(suppression_reason) from marts.main.fct_gp_metrics"
            " where practice_code = 'P00' group by gp_code order by gp_code"
        ).fetchall()
    )


def test_a_cell_that_changed_by_few_is_not_published_again(runner: Runner, two_practices: Counts) -> None:
    runner.forget()
    runner.run(*two_practices, FIRST)
    assert set(reasons(runner).values()) == {None}
    runner.run(*moved(two_practices, {"G1": 1, "G2": 9, "G3": 10}), SECOND)
    few = "changed_by_few"
    assert reasons(runner) == {"G0": None, "G1": few, "G2": few, "G3": None}
    published = publication(runner.connection)
    assert not revealed(published, by_solver(published))


def test_the_same_collection_of_other_files_is_compared_with_itself(runner: Runner, two_practices: Counts) -> None:
    """Flags somebody who is told apart by a collection that is built again: with one objector more, or a late file."""
    runner.forget()
    runner.run(*two_practices, FIRST)
    later, few = moved(two_practices, {"G1": 1, "G2": 9, "G3": 10}), "changed_by_few"
    for _ in range(2):
        runner.run(*later, FIRST)
        assert reasons(runner) == {"G0": None, "G1": few, "G2": few, "G3": None}
    # what it showed at first is what it shows as it was; G3 has shown something else since
    runner.run(*moved(two_practices, {"G3": 9}), FIRST)
    assert reasons(runner) == {"G0": None, "G1": None, "G2": None, "G3": few}
    # and the collection after it is compared with what was shown last
    runner.run(*moved(two_practices, {"G1": 3, "G3": 20}), SECOND)
    assert reasons(runner) == {"G0": None, "G1": few, "G2": None, "G3": None}


def test_the_last_publication_counts_not_the_last_collection(runner: Runner, two_practices: Counts) -> None:
    runner.forget()
    for collected_at, growth, expected in (
        (FIRST, 0, None),
        (SECOND, 5, "changed_by_few"),
        ("2017-10-02 09:00:00+01", 10, None),
        ("2018-01-02 09:00:00+00", 10, None),
    ):
        runner.run(*moved(two_practices, {"G1": growth}), collected_at)
        assert reasons(runner)["G1"] == expected, collected_at


def test_the_same_collection_again_gives_the_same(runner: Runner, two_practices: Counts) -> None:
    runner.forget()
    runner.run(*two_practices, FIRST)
    later = moved(two_practices, {"G1": 5, "G2": 20})
    results = []
    for _ in range(3):
        runner.run(*later, SECOND)
        results.append(
            [
                runner.connection.execute(f"select * from {table}").fetchall()
                for table in (
                    "marts.main.fct_gp_metrics",
                    "marts.main.fct_comparators",
                    "assurance.history.int_disclosure__published",
                )
            ]
        )
    assert results[0] == results[1] == results[2]


def some_time_later(counts: Counts, chance: np.random.Generator) -> Counts:
    """The same lists with some patients more, and some more or fewer who meet a metric."""
    gps, _, practices, _ = counts
    later: list[OfGp] = []
    lists: dict[tuple[str, str], int] = {}
    # the list is as long as it was, or longer, and nobody is eligible who is not on it
    for practice, gp, metric, met, eligible in sorted(gps, key=lambda row: row[2] not in LISTS):
        eligible += int(chance.choice([0, 0, 0, 12, 5]))
        eligible = min(eligible, lists.setdefault((practice, gp), eligible))
        met = min(eligible, max(0, met + int(chance.choice([0, 0, -3, 2, 11]))))
        later.append((practice, gp, metric, met, eligible))
    areas = areas_of(later, practices)
    return later, areas, practices, conditions_of(later, areas, practices, chance)


def moved_by_few(runner: Runner, seed: int, later: str = SECOND) -> tuple[int, int]:
    """Of two collections, or one that is built twice: cells told exactly twice that differ by 1 to 9 people, and counts that do and that the
    second one's values pin down where its counts would not."""
    counts, told = random_counts(seed), []
    runner.forget()
    for counted, at in ((counts, FIRST), (some_time_later(counts, np.random.default_rng(seed)), later)):
        runner.run(*counted, at)
        told.append((exact_counts(runner.connection), exact_cells(runner.connection), publication(runner.connection)))
    (before, exactly_before, shown_before), (now, exactly_now, _) = told
    twice, differs = set(), set()
    for *place, measure in before.keys() & now.keys():
        met, eligible = (now[*place, name] - before[*place, name] for name in ("numerator", "denominator"))
        if any(1 <= abs(difference) <= 9 for difference in (met, eligible, eligible - met)):
            twice |= {tuple(place)} & exactly_before & exactly_now
        is_new = (*place, measure) in shown_before.withheld
        if not is_new and 1 <= abs(met if measure == "numerator" else eligible) <= 9:
            differs.add((*place, measure))
    by_counts, by_values = (widths(runner.connection, told) for told in (False, True))
    pinned = [cell for cell in differs if not by_values[cell,] and by_counts[cell,]]
    return len(twice), len(pinned)


NOBODY_MOVED = "int_gp_report__room", "or has_moved", "or false"
NOT_WITH_ITSELF = "int_disclosure__last_published", "published.collected_at <= rules", "published.collected_at < rules"


@pytest.mark.exhaustive
@pytest.mark.parametrize("later", [FIRST, SECOND])
@pytest.mark.parametrize("seed", range(12))
def test_values_of_two_collections_tell_no_change_of_few(runner: Runner, seed: int, later: str) -> None:
    """Flags a count that 1 to 9 people changed, and that the values before and after tell."""
    assert moved_by_few(runner, seed, later) == (0, 0)


@pytest.mark.parametrize("without, later", [(NOBODY_MOVED, SECOND), (NOT_WITH_ITSELF, FIRST)])
def test_the_values_would_tell_a_change_of_few(
    queries: dict[str, str], without: tuple[str, str, str], later: str
) -> None:
    unguarded = Runner(changed(queries, *without))
    twice, pinned = zip(*(moved_by_few(unguarded, seed, later) for seed in (5, 6, 9)))
    assert sum(twice) and sum(pinned)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seeds", [range(seed, seed + 2) for seed in range(0, 20, 2)])
def test_a_second_collection_of_random_counts_reveals_nothing(runner: Runner, seeds: range) -> None:
    for seed in seeds:
        counts = random_counts(seed)
        published_of(runner, counts)
        chance = np.random.default_rng(seed)
        runner.run(*moved(counts, {f"G{gp}": int(chance.integers(0, 12)) for gp in range(8)}), SECOND)
        published = publication(runner.connection)
        assert not revealed(published, by_propagation(published)), seed


def test_what_nothing_holds_adds_up_to_no_number(runner: Runner) -> None:
    """Flags a sum of rooms, of a dozen lists that changed by few, of ten digits: a patient's number for the scan."""
    gps = [("P00", f"G{gp}", metric, 40, 100) for gp in range(12) for metric in METRICS]
    practices = {"P00": "C0"}
    areas = areas_of(gps, practices)
    counts = gps, areas, practices, conditions_of(gps, areas, practices, np.random.default_rng(0))
    runner.forget()
    runner.run(*counts, FIRST)
    runner.run(*moved(counts, {f"G{gp}": 5 for gp in range(12)}), SECOND)
    assert set(reasons(runner).values()) == {"changed_by_few"}
    stored = runner.connection.execute(
        "select database_name, schema_name, table_name, column_name from duckdb_columns()"
        " where data_type in ('INTEGER', 'BIGINT', 'HUGEINT') and table_name like 'int_gp_report__%'"
    ).fetchall()
    largest = [
        value
        for database, schema, table, column in stored
        for (value,) in runner.connection.execute(
            f"select coalesce(max(abs({column})), 0) from {database}.{schema}.{table}"
        ).fetchall()
    ]
    assert 10**7 < max(largest) < 10**9


def test_the_memory_holds_only_what_was_shown(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Exact counts, but of cells that were published anyway, and no small one."""
    small = warehouse.execute(
        "select count(*) from assurance.history.int_disclosure__published as memory"
        " inner join patient_level.intermediate.int_gp_report__cells as cells"
        " on memory.area_level = cells.area_level and memory.metric_id = cells.metric_id"
        " and memory.area_code = coalesce(cells.gp_code, cells.area_code)"
        " where memory.practice_code is not distinct from cells.practice_code"
        " and cells.numerator_count is null and cells.denominator_count is null"
    ).fetchone()
    assert small == (0,)


def test_an_asterisk_survives_a_csv_file(warehouse: duckdb.DuckDBPyConnection) -> None:
    """After a round trip, a withheld count is neither nobody nor a gap."""
    result = warehouse.execute("select * from marts.main.fct_gp_metrics")
    names = [column[0] for column in result.description]
    text = io.StringIO()
    csv.writer(text).writerows([names, *result.fetchall()])
    text.seek(0)
    for row in csv.DictReader(text):
        is_withheld = "*" in (row["numerator_text"], row["denominator_text"])
        assert is_withheld == (row["suppression_reason"] != "")
        assert row["numerator_text"] in ("*", row["numerator_count"])
        assert row["denominator_text"] in ("*", row["denominator_count"])


def test_the_marts_add_up_to_the_patients(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Every shown count, counted once more in plain Python from the patients and their admissions."""

    def rows(sql: str) -> list[Cells]:
        return warehouse.execute(sql).fetchall()

    admitted = {key for (key,) in rows("select patient_key from patient_level.intermediate.int_admissions__qualifying")}
    positions = {metric: position for position, metric in enumerate(landing.practice_metrics(), 1)}
    ccgs: dict[str, str] = dict(rows("select practice_code, ccg_code from marts.reference.int_ods__practices"))
    people: dict[Cells, set[Any]] = {}
    for key, practice, gp, flags in rows(
        "select patient_key, practice_code, gp_code, metric_flags from patient_level.gateway.int_patients__permitted"
    ):
        met = {name: flags[position - 1] for name, position in positions.items()}
        met["emergency_admissions"] = "y" if key in admitted else "n"
        areas: tuple[Cell, ...] = (
            ("gp", practice, gp),
            ("practice", practice),
            ("ccg", ccgs[practice]),
            ("england", "ENGLAND"),
        )
        for area in areas:
            for metric, flag in met.items():
                people.setdefault((*area, metric, "n"), set()).update([key] if flag == "y" else [])
                people.setdefault((*area, metric, "d"), set()).update([key] if flag in "yn" else [])
    shown = rows(
        "select 'gp', practice_code, gp_code, metric_id, numerator_text, denominator_text"
        " from marts.main.fct_gp_metrics"
    ) + rows(
        "select area_level, area_code, metric_id, numerator_text, denominator_text from marts.main.fct_comparators"
    )
    verdicts: Counter[Any] = Counter()
    for *place, numerator, denominator in shown:
        for measure, text in (("n", numerator), ("d", denominator)):
            exact = len(people[*place, measure])
            if text == "*":
                verdicts["withheld"] += 1
                assert exact > 0
            else:
                verdicts["shown"] += 1
                assert int(text) == 5 * ((exact + 2) // 5) and not 1 <= exact <= 7
    assert len(people) == 2 * len(shown) and verdicts["shown"] > verdicts["withheld"] > 0


def test_admissions_by_condition_add_up_to_the_patients(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Every shown count by condition, and of admissions, counted once more in plain Python."""

    def rows(sql: str) -> list[Cells]:
        return warehouse.execute(sql).fetchall()

    admissions: dict[str, list[Any]] = {}
    for key, number, condition in rows(
        "select patient_key, admission_number, condition from patient_level.intermediate.int_admissions__qualifying"
    ):
        admissions.setdefault(key, []).append((number, condition))
    ccgs: dict[str, str] = dict(rows("select practice_code, ccg_code from marts.reference.int_ods__practices"))
    counted: dict[Cells, set[Any]] = {}
    for key, practice, gp in rows(
        "select patient_key, practice_code, gp_code from patient_level.gateway.int_patients__permitted"
    ):
        for area in (
            ("gp", practice, gp),
            ("practice", practice, practice),
            ("ccg", None, ccgs[practice]),
            ("england", None, "ENGLAND"),
        ):
            for number, condition in admissions.get(key, []):
                counted.setdefault((*area, condition, "patients"), set()).add(key)
                counted.setdefault((*area, "any", "admissions"), set()).add((key, number))
    verdicts: Counter[Any] = Counter()
    for *cell, text in rows(
        "select area_level, practice_code, area_code, condition, counted, count_text"
        " from marts.main.fct_emergency_admissions"
    ):
        exact = len(counted.pop(tuple(cell), ()))
        verdicts["withheld" if text == "*" else "shown"] += 1
        assert text == "*" or (int(text) == 5 * ((exact + 2) // 5) and not 1 <= exact <= 7)
    assert not counted, "somebody is counted nowhere"
    assert verdicts["shown"] > 20 and verdicts["withheld"] > 0


def test_two_lists_beside_a_total_are_not_known_to_be_small_and_how_small(runner: Runner) -> None:
    """Flags two withheld counts that are both known to be small, as the last one is never withheld, and so known to be 7 and 7.

    Every two counts are a practice of their own, with a larger one in its CCG. Of all that look alike to a practice, its GPs'
    counts and its total, a small one has to be possible as six of 1 to 7 at least, whatever somebody knows of the rules.
    """
    pairs = {f"P{at}": pair for at, pair in enumerate(itertools.product(range(15), repeat=2))}
    gps: list[OfGp] = [("X" + code, "G9", "bowel", 300, 2000) for code in pairs]
    gps += [(code, f"G{at}", "bowel", met, 1000) for code, pair in pairs.items() for at, met in enumerate(pair)]
    practices = {prefix + code: f"C{code}" for code in pairs for prefix in ("", "X")}
    runner.forget()
    runner.run(gps, areas_of(gps, practices), practices)
    looks = runner.connection.execute(
        """
        select practice_code, list([numerator_text, percent::varchar, upper_95_ci::varchar] order by gp_code)
        from (
            select practice_code, gp_code, numerator_text, percent, upper_95_ci from marts.main.fct_gp_metrics
            union all
            select area_code, 'total', numerator_text, percent, upper_95_ci from marts.main.fct_comparators
            where area_level = 'practice' and numerator_text <> '*'
        )
        group by all having count(*) = 3
        """
    ).fetchall()
    alike: dict[str, list[tuple[int, ...]]] = {}
    for code, look in looks:
        alike.setdefault(str(look), []).append(pairs[code])
    both = {look: found for look, found in alike.items() if look.count("*") == 2 and max(map(sum, found)) < 15}
    assert both
    for found in both.values():
        assert len({pair[0] for pair in found} & set(range(1, 8))) >= 6, found
