"""Every mutant of the rules of releases is noticed: what comes out differs from the plain Python's answer.

The mutants of SQL are one replacement in what dbt compiled, in memory; those of the rules for requests one in the
macro that refuses them.
"""

import re
from typing import Any

import jinja2
import pytest

from bench import release_sql
from conftest import PROJECT
from gp_level_data import releases
from gp_level_data.shapes import Row
from releases.release_mutants import MUTANTS, Mutant
from releases.release_world import PLANNING
from releases.test_release_requests import ACCEPTED, PAIRS, REFUSED, REQUEST, reasons

STEPS = [row["step"] for row in releases.rows_of("generalisation_steps")]


@pytest.mark.exhaustive
@pytest.mark.parametrize("collection", ["gpdpr", "care_data"])
def test_without_a_mutant_there_is_no_difference(collection: str) -> None:
    """Neither as dbt compiled the models, nor as they are compiled here."""
    models = {stem(mutant) for mutant in MUTANTS if mutant.file.startswith("models/")} | {f"rel_{PLANNING}"}
    as_here = {name: release_sql.compiled_from(release_sql.source(name)) for name in models}
    assert release_sql.problems(collection) == release_sql.problems(collection, as_here) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.file.split('/')[-1]}: {m.name}")
def test_the_mutant_is_noticed(mutant: Mutant) -> None:
    assert release_sql.problems(mutant.collection, mutated(mutant)), f"nobody noticed: {mutant.breaks}"


def mutated(mutant: Mutant) -> dict[str, str]:
    """The model as the mutant makes it, compiled."""
    source = (PROJECT / mutant.file).read_text()
    assert source.count(mutant.before) == 1, f"the mutant hits {source.count(mutant.before)} times, not once"
    name, changed = stem(mutant), source.replace(mutant.before, mutant.after)
    if not mutant.file.startswith("macros/"):
        return {name: release_sql.compiled_from(changed)}
    users = [model for model in release_sql.compiled() if uses(release_sql.source(model), name)]
    assert users
    return {user: release_sql.compiled_from(release_sql.source(user), {name: changed}) for user in users}


def uses(text: str, macro: str) -> bool:
    """Whether a text calls a macro, by itself or through others."""
    called = [path for path in (PROJECT / "macros" / "releases").glob("*.sql") if f" {path.stem}(" in text]
    return any(path.stem == macro or uses(path.read_text().split("-%}", 1)[1], macro) for path in called)


def stem(mutant: Mutant) -> str:
    """Name of the model or macro."""
    return mutant.file.split("/")[-1].removesuffix(".sql")


def test_every_model_of_releases_has_mutants() -> None:
    with_mutants = {stem(mutant) for mutant in MUTANTS}
    models = {name for name in release_sql.compiled() if name.startswith("int_")}
    # the room, what is decided and the cells are the macros of every publication (test_disclosure.py); what the
    # room counts is said by a unit test
    of_disclosure = {f"int_releases__{stage}" for stage in ("room", "decided", "cells")}
    assert models - with_mutants - of_disclosure == set()
    assert len({(mutant.file, mutant.name) for mutant in MUTANTS}) == len(MUTANTS)


# ---- requests -----------------------------------------------------------------------------------

MACRO = PROJECT / "macros" / "releases" / "release_refusal.sql"
CONDITION = re.compile(r"\{%-? (?:el)?if (?P<condition>.*?) -?%\}", re.DOTALL)
SPANS = [match.span("condition") for match in CONDITION.finditer(MACRO.read_text())]


def answers(text: str) -> list[Any]:
    """What the macro says of every request of test_release_requests.py."""
    asked = [*(changes for changes, _ in REFUSED.values()), *ACCEPTED.values()]
    pairs = [(REQUEST, [REQUEST | other]) for other, _ in PAIRS.values()]
    every = [*((REQUEST | changes, []) for changes in asked), *pairs]
    return [answer(request, others, text) for request, others in every]


def answer(request: Row, others: list[Row], text: str) -> list[str]:
    """Its reasons; a macro that stops dbt is noticed as well."""
    try:
        return reasons(request, others, text=text)
    except jinja2.UndefinedError:
        return ["stopped"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("at", range(len(SPANS)))
def test_a_rule_for_requests_that_never_holds_is_noticed(at: int) -> None:
    text = MACRO.read_text()
    start, end = SPANS[at]
    is_noticed = answers(text[:start] + "false" + text[end:]) != answers(text)
    assert is_noticed, f"nobody noticed: {text[start:end]}"


JOINED = re.compile(r"(?<=\s)(?:and|or) (?!it\b)")
PLACES = [match.span() for start, end in SPANS for match in JOINED.finditer(MACRO.read_text(), start, end)]


@pytest.mark.exhaustive
@pytest.mark.parametrize("at", range(len(PLACES)))
def test_a_rule_for_requests_that_is_turned_round_is_noticed(at: int) -> None:
    text = MACRO.read_text()
    start, end = PLACES[at]
    other = "or " if text[start:end] == "and " else "and "
    is_noticed = answers(text[:start] + other + text[end:]) != answers(text)
    assert is_noticed, f"nobody noticed: {other}{text[end : end + 50]}"
