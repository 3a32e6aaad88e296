"""The tables for planning give no small number away, neither by themselves nor by subtraction.

The attacker (attacker.py) has everything that the four tables publish: of random patients, counted, decided and shown
by the project's own compiled SQL, and of a built sample. The same attacker must win where less is withheld.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pytest

from bench import gateway_sql
from bench.planning_sql import COLLECTED_AT, Planning
from conftest import SAMPLE
from disclosure.attacker import Published, by_propagation, by_solver, revealed
from gp_level_data.shapes import Cells, Row
from opt_outs.opt_out_oracle import seed
from registers.register_oracle import LIMITS, REFERENCE, Patient, decide, is_of_age

MONTH = date(2017, 3, 1)
CATEGORIES = ("medication", "referral")
BANDS = ("0-16", "17-39", "40-64", "65-79", "80+")
AGES = (10, 30, 50, 70, 85)
NOT_GIVEN = r"int_areas__|int_planning__(?!counted)|int_disclosure__|fct_"
GIVEN = """
    create or replace table patient_level.intermediate.int_registers__people (
        register varchar, patient_key varchar, practice_code varchar, lowest_age integer, sex varchar);
    create or replace table patient_level.intermediate.int_planning__counted (
        metric_id varchar, patient_key varchar, practice_code varchar,
        is_in_numerator boolean, is_in_denominator boolean);
"""


def given(planning: Planning, seed: int, later: int = 0) -> None:
    """1 to 3 CCGs of 1 to 5 practices, many of them small; some patients at two practices, some of no known sex.

    `later` is how many more patients each practice has, as in a second collection.
    """
    chance = np.random.default_rng(seed)
    sizes = [(3, 15, 60, 300), (3, 10, 12), (300,)][chance.choice(3, p=[0.6, 0.2, 0.2])]
    likely = chance.choice([0.02, 0.3, 0.9], 5)
    weights = chance.dirichlet(np.full(len(BANDS) - 1, chance.choice([0.3, 3])))
    active = chance.choice([0, 0.02, 0.3, 1], len(CATEGORIES))
    unknown_sex = chance.choice([0, 0.02])
    practices, journals, people, counted = {}, [], [], []
    number = 0
    for ccg in range(chance.integers(1, 4)):
        for place in range(chance.integers(1, 6)):
            practice = f"P{ccg}{place}"
            practices[practice] = f"C{ccg}"
            size = int(chance.integers(200 if sizes == (300,) else 1, chance.choice(sizes) + 1))
            for _ in range(size + later):
                number += 1
                age = AGES[0] if chance.random() < 0.1 else AGES[1 + chance.choice(len(weights), p=weights)]
                sex = "9" if chance.random() < unknown_sex else str(chance.integers(1, 3))
                yes = chance.random(6) < [*likely, 0.5]
                metrics = [("patients", True, True)]
                if age >= 17:
                    metrics.append(("diabetes", bool(yes[0]), True))
                    if yes[0] and yes[1]:
                        metrics.append(("diabetes " + ("dm020" if yes[2] else "dm021"), bool(yes[3]), True))
                metrics += [
                    (f"{name} {MONTH}", True, False)
                    for name, share in zip(CATEGORIES, active)
                    if chance.random() < share
                ]
                again = chance.choice([*practices]) if chance.random() < 0.02 else practice
                for at in {practice, str(again)}:
                    journals.append((f"k{number}", at, 1960, sex, None, None, None, None, date(2000, 1, 1)))
                    people.append(("diabetes", f"k{number}", at, age, sex))
                    counted += [(metric, f"k{number}", at, *is_in) for metric, *is_in in metrics]
    load(planning, practices, journals, people, counted)


def load(planning: Planning, practices: Row, journals: list[Any], people: list[Any], counted: list[Any]) -> None:
    """Practices and their CCGs, and rows of the three tables about patients."""
    planning.load("patient_level.gateway.int_journals__people", journals)
    planning.load("patient_level.intermediate.int_registers__people", people)
    planning.load("patient_level.intermediate.int_planning__counted", counted)
    planning.load("marts.reference.int_ods__practices", list(practices.items()), "practice_code, ccg_code")


def published_of(planning: Planning, seed: int, changed: dict[str, str] | None = None) -> Published:
    """What the tables publish about random patients."""
    planning.rows("delete from assurance.history.int_disclosure__published")
    given(planning, seed)
    planning.run(NOT_GIVEN, changed)
    return publication(planning.rows)


def publication(rows: Callable[[str], list[Cells]]) -> Published:
    """What the four tables publish, and what everybody knows about how their counts hang together."""
    shown: dict[Cells, str] = {}
    told: set[Cells] = set()  # of which a value comes from the exact counts
    for level, area, age, sex, register, numerator, denominator, is_exact in rows(
        "select area_level, area_code, age_band, sex, register, numerator_text, denominator_text, is_exact"
        " from marts.main.fct_prevalence where area_level <> 'england' or age_band = 'all'"
    ):
        if age != "all":
            level, area = "band", f"{area} {age} {sex}"
        told.update([(level, area, register)] if is_exact else [])
        shown[level, area, register, "numerator"] = numerator
        shown[level, area, register, "denominator"] = denominator
    for level, area, register, target, numerator, denominator, is_exact in rows(
        "select area_level, area_code, register, target, numerator_text, denominator_text, is_exact"
        " from marts.main.fct_register_targets"
    ):
        told.update([(level, area, f"{register} {target}")] if is_exact else [])
        shown[level, area, f"{register} {target}", "numerator"] = numerator
        shown[level, area, f"{register} {target}", "denominator"] = denominator
    for level, area, category, month, text in rows(
        "select area_level, area_code, category, month, patient_text from marts.main.fct_activity"
    ):
        shown[level, area, f"{category} {month}", "numerator"] = text
    for level, area, text in rows("select area_level, area_code, patient_text from marts.main.fct_coverage"):
        shown[level, area, "patients", "denominator"] = text

    published, exact = Published(), exact_counts(rows)
    parents = {area: parent for _, area, parent in rows(
        "select area_level, area_code, parent_code from patient_level.intermediate.int_planning__areas"
    )}  # fmt: skip
    groups: dict[Cells, list[Cells]] = {}
    for cell in shown:
        level, area, metric, measure = cell
        if level == "band":
            groups.setdefault(("band", "ccg", area.split(" ")[0], metric, measure), []).append(cell)
        elif level != "england":
            above = "ccg" if level == "practice" else "england"
            groups.setdefault((level, above, parents[area], metric, measure), []).append(cell)
    for (_, *total), parts in groups.items():
        published.sums.append((tuple(total), parts, sum(exact[part] for part in parts) - exact[tuple(total)]))
    all_withheld = {
        part
        for (level, *_), parts in groups.items()
        if level == "band" and all(shown[part] == "*" for part in parts)
        for part in parts
    }
    for cell, text in shown.items():
        published.add(cell, text, lowest=0 if cell in all_withheld else 1)
        assert text == "*" or int(text) == 5 * ((exact[cell] + 2) // 5), "a shown count is not the patients'"
        if cell[:3] in told:
            published.tell(cell, exact[cell])
        place, metric, measure = cell[:2], cell[2], cell[3]
        whole = (
            (metric, "denominator") if measure == "numerator" and (*place, metric, "denominator") in shown
            else ("diabetes", "numerator") if metric.startswith("diabetes ")
            else ("patients", "denominator")
        )  # fmt: skip
        if (*place, *whole) in shown and (*place, *whole) != cell:
            published.orders.append(([cell], [(*place, *whole)]))
    leaves = {cell for cell in shown if cell[0] in ("practice", "band")}
    published.small = {cell for cell in leaves if 1 <= exact[cell] <= 7}
    published.nobody = {cell for cell in all_withheld if not exact[cell]}
    return published


def exact_counts(rows: Callable[[str], list[Cells]]) -> dict[Cells, int]:
    """The counts before disclosure control."""
    return {
        (level, area, metric, measure): count
        for level, area, metric, *counts in rows(
            "select area_level, area_code, metric_id, numerator_count, denominator_count"
            " from patient_level.intermediate.int_planning__areas union all"
            " select 'band', ccg_code || ' ' || band, metric_id, numerator_count, denominator_count"
            " from patient_level.intermediate.int_planning__bands"
        )
        for measure, count in zip(("numerator", "denominator"), counts, strict=True)
    }


def small() -> Planning:
    """Two categories of record, one month: enough to subtract from each other."""
    planning = Planning()
    planning.settings(start=MONTH)
    planning.rows(f"delete from marts.seeds.journal_categories where category not in {CATEGORIES}")
    planning.rows(GIVEN)
    return planning


@pytest.fixture(scope="module")
def planning() -> Planning:
    return small()


@pytest.mark.parametrize(("attack", "seeds"), [(by_propagation, range(8)), (by_solver, range(100, 108))])
def test_random_patients_reveal_nothing(planning: Planning, attack: Callable[..., Any], seeds: range) -> None:
    for drawn in seeds:
        published = published_of(planning, drawn)
        assert not revealed(published, attack(published)), drawn


# What is left out, and random patients of whom the attacker then learns something.
RULES = {
    "small numbers alone": (
        "int_planning__cells", "room.is_primary or decided.is_suppressed", "room.is_primary", (1, 2, 3),
    ),
    "values are exact where nobody hides": (
        "int_planning__cells", "held.is_held or held.shown_count is null", "false", (13, 19),
    ),
    "a suppressed total closes its bands": ("int_planning__decided", "or totals.is_suppressed", "", (16,)),
    "bands that hide nothing are closed": (
        "int_planning__decided", "or bool_or(parts.is_total_suppressed)", "or bool_and(false)", (17,),
    ),
    "a count is no smaller than its parts": (
        "int_planning__room", "when parts.largest_count is null", "when true", (16,),
    ),
    "a count is no larger than what it is part of": (
        "int_planning__room", "when wholes.cell_count is null", "when true", (44,),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_the_attack_succeeds_without(planning: Planning, rule: str) -> None:
    model, before, after, seeds = RULES[rule]
    assert before in planning.queries[model], "the test no longer finds what it switches off"
    changed = {model: planning.queries[model].replace(before, after)}
    for drawn in seeds:
        published = published_of(planning, drawn, changed)
        assert revealed(published, by_solver(published)), drawn


def test_a_ccgs_total_that_its_bands_tell_hides_no_practice(planning: Planning) -> None:
    """7, 22 and 23 are 52, shown as 50: 48 to 52. But four bands of 13, shown as 15, are 52 at least."""
    sizes, practices = {"P00": 7, "P01": 22, "P02": 23}, dict.fromkeys(("P00", "P01", "P02"), "C0")
    on_register = [practice for practice, size in sizes.items() for _ in range(size)]
    everybody = [(at, True) for at in on_register] + [(at, False) for at in practices for _ in range(100)]
    keys = [f"k{number}" for number in range(len(everybody))]
    planning.rows("delete from assurance.history.int_disclosure__published")
    load(
        planning, practices,
        [(key, at, 1960, "1", None, None, None, None, date(2000, 1, 1)) for key, (at, _) in zip(keys, everybody)],
        [("diabetes", key, at, AGES[1 + n % 4], "1") for n, (key, (at, _)) in enumerate(zip(keys, everybody))],
        [row for key, (at, is_on) in zip(keys, everybody)
         for row in (("patients", key, at, True, True), ("diabetes", key, at, is_on, True))],
    )  # fmt: skip
    sql = planning.queries["int_planning__room"]
    less = sql.replace("measures.area_level = 'ccg' and measures.kind = 'register' as is_exact", "false as is_exact")
    assert less != sql
    for changed, is_safe in ((None, True), ({"int_planning__room": less}, False)):
        planning.run(NOT_GIVEN, changed)
        published = publication(planning.rows)
        assert bool(revealed(published, by_solver(published))) != is_safe


def test_much_is_shown_and_england_by_band_is_the_sum_of_ccgs(planning: Planning) -> None:
    """Nothing shown would be safe as well; and England's bands tell nothing that the CCGs' do not."""
    shown = dict.fromkeys(("practice", "band", "ccg", "england"), 0)
    for drawn in (4, 5, 9, 10):
        published = published_of(planning, drawn)
        for cell in published.low:
            shown[cell[0]] += cell not in published.withheld and published.low[cell] > 0
        bands: dict[Cells, list[Any]] = {}
        england = {}
        for level, age, sex, *counts in planning.rows(
            "select area_level, age_band, sex, numerator_count, denominator_count"
            " from marts.main.fct_prevalence where age_band <> 'all' and area_level <> 'practice'"
        ):
            for measure, count in enumerate(counts):
                if level == "ccg":
                    bands.setdefault((age, sex, measure), []).append(count)
                else:
                    england[age, sex, measure] = count
        assert england == {key: None if None in parts else sum(parts) for key, parts in bands.items()}
        assert any(england.values())
    assert min(shown.values()) > 10


SECOND = "2017-07-02 09:00:00+01"


def test_a_second_collection_of_a_few_more_is_not_shown_again(planning: Planning) -> None:
    """Each practice has 4 patients more: whoever has both tables would learn about these 4."""
    published_of(planning, 4)
    before = exact_counts(planning.rows)
    first: dict[str, str] = dict(planning.rows("select area_code, patient_text from marts.main.fct_coverage"))
    planning.settings(start=MONTH, collected_at=SECOND)
    try:
        given(planning, 4, later=4)
        planning.run(NOT_GIVEN)
        published, after = publication(planning.rows), exact_counts(planning.rows)
        texts = {
            text
            for level, area, text in planning.rows(
                "select area_level, area_code, patient_text from marts.main.fct_coverage"
            )
            if (cell := (level, area, "patients", "denominator")) in before
            and first[area] != "*"
            and 1 <= abs(after[cell] - before[cell]) <= 9
        }
        assert texts == {"*"}
        assert not revealed(published, by_propagation(published))
    finally:
        planning.settings(start=MONTH)


SETTINGS = {
    "collection": "gpdpr", "collected_at": COLLECTED_AT, "exception_id": "", "period_start": "2016-04-01",
    "period_end": "2017-03-31",
}  # fmt: skip


def of_sample(collection: str) -> Planning:
    """The sample's journals through the gateway's own SQL, and then through this one."""
    gateway = gateway_sql.run_folder(SAMPLE, SETTINGS | {"collection": collection})
    planning = Planning()
    planning.settings(collection)
    for table, where in (
        ("int_journals__people", "patient_level.gateway"),
        ("int_journals__records", "patient_level.gateway"),
    ):
        planning.load(f"{where}.{table}", gateway.execute(f"from gateway.{table}").fetchall())
    planning.load(
        "marts.reference.int_ods__practices",
        gateway.execute("select practice_code, ccg_code from gateway.int_ods__practices").fetchall(),
        "practice_code, ccg_code",
    )
    planning.run()
    return planning


@pytest.fixture(scope="module")
def sample() -> Planning:
    return of_sample("gpdpr")


@pytest.fixture(scope="module")
def pilot() -> Planning:
    """care.data: two practices of one wave, so that nearly every count hangs together with another."""
    return of_sample("care_data")


@pytest.mark.parametrize("attack", [by_propagation, by_solver])
@pytest.mark.parametrize("of", ["sample", "pilot"])
def test_the_sample_reveals_nothing(request: pytest.FixtureRequest, of: str, attack: Callable[..., Any]) -> None:
    published = publication(request.getfixturevalue(of).rows)
    assert len(published.small) > 50, "the sample has small numbers"
    assert not revealed(published, attack(published))


def test_the_tables_add_up_to_the_patients(sample: Planning) -> None:
    """Every shown count of a practice, counted once more in plain Python from its patients and their records."""
    clusters: dict[str, list[str]] = dict(
        sample.rows("select code, list(cluster) from marts.seeds.journal_codes group by code")
    )
    patients = {
        (key, practice): Patient(birth, registered, death, sex)
        for key, practice, birth, sex, death, registered in sample.rows(
            "select patient_key, practice_code, birth_year, sex, death_year, registered_on"
            " from patient_level.gateway.int_journals__people"
        )
    }
    active: set[tuple[str, ...]] = set()  # practice, category and month, measure, person
    for key, practice, category, code, day, value in sample.rows(
        "select patient_key, practice_code, category, code, recorded_on, value_1"
        " from patient_level.gateway.int_journals__records"
    ):
        patients[key, practice].records += [(cluster, day, value) for cluster in clusters[code]]
        if date(2016, 4, 1) <= day <= REFERENCE:
            active.add((practice, f"{category} {day:%Y-%m}-01", "numerator", key))
    counts = Counter(cell[:-1] for cell in active)
    for (_, practice), patient in patients.items():
        counts[practice, "patients", "denominator"] += 1
        answer = decide(patient)
        counts[practice, "diabetes", "denominator"] += bool(answer) and is_of_age(patient)
        counts[practice, "diabetes", "numerator"] += answer.get("register") == "on_register"
        for target in LIMITS:
            rule = answer.get(target)
            counts[practice, f"diabetes {target}", "numerator"] += rule == "hba1c_at_target"
            counts[practice, f"diabetes {target}", "denominator"] += rule in ("hba1c_at_target", "not_at_target")
    published = publication(sample.rows)
    practices = [cell for cell in published.low if cell[0] == "practice"]
    wrong = [cell for cell in practices if not published.low[cell] <= counts[cell[1:]] <= published.high[cell]]
    assert wrong == [] and len(practices) > 1_000
    assert {cell[1:] for cell in practices} >= set(+counts)


def test_the_sample_has_somebody_for_every_rule_of_the_register_and_its_target(sample: Planning) -> None:
    """Flags a rule of QOF diabetes (DM_REG, DM020) that nobody of the sample meets."""
    for model, target in (("int_registers__decided", "register"), ("int_registers__targets", "dm020")):
        has_target = f"where target = '{target}'" if target != "register" else ""
        met = sample.rows(f"select distinct rule from patient_level.intermediate.{model} {has_target}")
        assert set(met) == {(row["rule"],) for row in seed("register_rules") if row["target"] == target}


@pytest.mark.parametrize("table", ["fct_prevalence", "fct_register_targets", "fct_activity", "fct_coverage"])
def test_another_collection_has_no_tables_for_planning(
    warehouse: duckdb.DuckDBPyConnection, sample: Planning, table: str
) -> None:
    assert warehouse.execute(f"select count(*) from marts.main.{table}").fetchone() == (0,)
    assert sample.rows(f"select count(*) from marts.main.{table}") != [(0,)]
