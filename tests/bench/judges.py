"""Who notices a mutant: the unit tests of its model, and whoever answers the same question without its SQL.

unit tests  of the model itself
hospital    the oracle of hospital_oracle.py, over episodes made by hand and drawn
the gate    oracles of opt_out_oracle.py and journal_oracle.py, over worlds made by hand
releases    the plain Python of release_sql.py
registers   the oracle of register_oracle.py, over cases made by hand
rooms       the oracles of room_oracle.py, over drawn counts, and of disclosure_oracle.py, over drawn rooms
attackers   who learns a small number from what is published, over drawn counts; and the examples worked by hand
"""

import functools
import random
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import duckdb
import sqlglot

from bench import disclosure_run, gateway_sql, journal_sql, planning_sql, release_sql, unit_tests
from bench.syntax_mutants import Mutant
from disclosure import disclosure_rooms, room_oracle, test_disclosure
from disclosure.attacker import Published, by_propagation, revealed
from gp_level_data.shapes import Row
from hospital import test_hospital
from journals import journal_mutants, test_journals
from opt_outs import mutants, test_mutants
from planning import test_planning
from registers import test_registers

Judge = Callable[[Mutant], bool]
GATE_WORLDS = sorted({mutant.world for mutant in mutants.MUTANTS})
HOSPITAL = ("int_episodes__judged", "int_episodes__scoped", "int_episodes__compared", "int_hospital__episodes")
JOURNAL_WORLDS = sorted({mutant.world for mutant in journal_mutants.MUTANTS})


def who_notices(mutant: Mutant) -> str:
    """The first judge that a mutant does not get past; nobody, if it gets past all."""
    return next((name for name, judge in judges_of(mutant.model) if judge(mutant)), "nobody")


def judges_of(model: str) -> Iterator[tuple[str, Judge]]:
    """The quickest first."""
    if model in unit_tests.all_tests():
        yield "unit tests", unit_tests_fail
    if model in HOSPITAL:
        yield "hospital", episodes_differ
    if model in {node["name"] for node in gateway_sql.models()}:
        yield "the gate", gate_differs
    if model in {node["name"] for node in gateway_sql.journal_models()}:
        yield "journals", journals_differ
    if model.startswith("int_registers__"):
        yield "registers", registers_differ
    if model in release_sql.compiled():
        yield "releases", releases_differ
    if model in disclosure_rooms.DECIDED | disclosure_rooms.CELLS:
        yield "rooms", disclosure_rooms.differs
    if model in room_oracle.GROUPS:
        yield "rooms", room_oracle.differs
    if model in disclosure_run.compiled():
        yield "attackers", gps_are_learnt
    if model in planning().queries:
        yield "attackers", planning_is_learnt


def written_anew(sql: str) -> str:
    """SQL through the syntax tree and back."""
    return sqlglot.parse_one(sql, dialect="duckdb").sql(dialect="duckdb")


def unit_tests_fail(mutant: Mutant) -> bool:
    return not all(test.passes(mutant.sql) for test in unit_tests.all_tests()[mutant.model])


@functools.cache
def episodes() -> list[list[Row]]:
    """Rows that show each fault made by hand, and drawn ones of few people with few keys."""
    drawn, chance = test_hospital.DRAWN, random.Random(1)
    fields = [name for name in drawn if name not in ("epikey", "newnhsno")]
    return [rows for _, rows in test_hospital.FAULTS.values()] + [
        [
            test_hospital.GOOD
            | {name: chance.choice(drawn[name]) for name in chance.sample(fields, chance.randrange(3))}
            | {"epikey": chance.choice(test_hospital.KEYS), "newnhsno": chance.choice(drawn["newnhsno"])}
            for _ in range(12)
        ]
        for _ in range(40)
    ]


def episodes_differ(mutant: Mutant) -> bool:
    """What the oracle says of a row, or of the emergencies that go on."""
    fault = mutant.model, gateway_sql.compiled(mutant.model), mutant.sql
    try:
        return any(test_hospital.differences(rows, fault) for rows in episodes())
    except (duckdb.Error, AssertionError):
        return True


def gate_differs(mutant: Mutant) -> bool:
    return any(differs(gateway_sql, test_mutants.world(name), mutant) for name in GATE_WORLDS)


def journals_differ(mutant: Mutant) -> bool:
    return any(differs(journal_sql, test_journals.world(name), mutant) for name in JOURNAL_WORLDS)


def differs(bench: ModuleType, world: tuple[Any, Any, Any], mutant: Mutant) -> bool:
    """Whether an oracle answers otherwise, or the engine does not take the mutant."""
    connection, sent, wanted = world
    try:
        with bench.changed(connection, sent, sql={mutant.model: mutant.sql}):
            return bool(bench.problems(connection, sent, wanted))
    except AssertionError:
        return True


def releases_differ(mutant: Mutant) -> bool:
    return any(release_sql.problems(name, {mutant.model: mutant.sql}) for name in release_sql.KEYS)


@functools.cache
def planning() -> planning_sql.Planning:
    return planning_sql.Planning()


def registers_differ(mutant: Mutant) -> bool:
    """Of every case made by hand, its register, targets and the rules that decided."""
    patients = test_registers.by_hand()
    planning().fill(patients)
    try:
        return test_registers.found(planning(), {mutant.model: mutant.sql}) != test_registers.wanted(patients)
    except duckdb.Error:
        return True


@functools.cache
def gp_report() -> disclosure_run.Runner:
    return disclosure_run.Runner(disclosure_run.compiled())


def gps_are_learnt(mutant: Mutant) -> bool:
    """The example worked by hand comes out otherwise, or an attacker learns a small number of drawn counts."""
    runner = gp_report()
    runner.queries = disclosure_run.compiled() | {mutant.model: mutant.sql}
    try:
        test_disclosure.test_the_example_worked_by_hand_is_what_is_computed(runner)
        counts = map(test_disclosure.random_counts, range(8))
        return any(learnt(test_disclosure.published_of(runner, drawn)) for drawn in counts)
    except (duckdb.Error, AssertionError):
        return True


def learnt(published: Published) -> bool:
    return bool(revealed(published, by_propagation(published)))


@functools.cache
def small_planning() -> planning_sql.Planning:
    return test_planning.small()


def planning_is_learnt(mutant: Mutant) -> bool:
    """An attacker learns a small number of drawn patients."""
    changed = {mutant.model: mutant.sql}
    try:
        return any(learnt(test_planning.published_of(small_planning(), seed, changed)) for seed in range(8))
    except (duckdb.Error, AssertionError):
        return True
