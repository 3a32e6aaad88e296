"""Every mutant that a model's syntax tree gives is noticed, or somebody has said why nothing comes out differently.

The models are those that decide who and what is let through: the gateway, registers, disclosure control. Who nobody
notices stands in tests/bench/survivors, with the reason.
"""

import csv
import fnmatch
import functools
import os
import random

import pytest

from bench import judges, project
from bench.syntax_mutants import Mutant, mutants
from conftest import DRAW, PROJECT
from gp_level_data.shapes import Row

ROOMS = ("gateway", "registers", "disclosure", "gp_report", "conditions", "planning", "assurance")
MODELS = sorted({path.stem for room in ROOMS for path in (PROJECT / "models" / "intermediate" / room).rglob("*.sql")})


@functools.cache
def survivors() -> list[Row]:
    """What was reviewed: a model, or many by `*`; a kind of mutant, or any; a piece of what it changes; why."""
    paths = sorted((PROJECT / "tests" / "bench" / "survivors").glob("*.csv"))
    return [row for path in paths for row in csv.DictReader(path.read_text().splitlines())]


def is_said(row: Row, mutant: Mutant) -> bool:
    return (
        fnmatch.fnmatchcase(mutant.model, row["model"])
        and row["kind"] in ("", mutant.kind)
        and row["what"] in mutant.what
    )


def made_of(model: str) -> list[Mutant]:
    return mutants(model, project.nodes()[model]["compiled_code"])


def test_a_few_mutants_of_a_few_models() -> None:
    """Flags, in each tier, what no judge notices and nobody has said anything about."""
    draw = random.Random(f"{os.environ[DRAW]} mutants")
    chosen = []
    for model in draw.sample(MODELS, 5):
        unsaid = [mutant for mutant in made_of(model) if not any(is_said(row, mutant) for row in survivors())]
        chosen += draw.sample(unsaid, min(4, len(unsaid)))
    assert chosen
    assert [f"{mutant.model}: {mutant}" for mutant in chosen if judges.who_notices(mutant) == "nobody"] == []


@pytest.mark.whole
@pytest.mark.parametrize("model", MODELS)
def test_every_mutant_is_noticed_or_reviewed(model: str) -> None:
    alive = [mutant for mutant in made_of(model) if judges.who_notices(mutant) == "nobody"]
    assert [str(mutant) for mutant in alive if not any(is_said(row, mutant) for row in survivors())] == []
    unneeded = [
        row for row in survivors() if row["model"] == model and not any(is_said(row, mutant) for mutant in alive)
    ]
    assert unneeded == [], "somebody notices what is said to be noticed by nobody"


def test_what_is_reviewed_has_its_reason() -> None:
    assert survivors() and all(row["reason"] for row in survivors())


@pytest.mark.whole
def test_what_is_reviewed_has_its_mutant() -> None:
    """Flags a row whose piece of SQL is gone."""
    made = [mutant for model in MODELS for mutant in made_of(model)]
    assert [row for row in survivors() if not any(is_said(row, mutant) for mutant in made)] == []


@pytest.mark.whole
def test_every_mutant_is_another_model() -> None:
    """Flags a change that is lost on its way into the SQL: nobody could notice it."""
    assert [str(mutant) for model in MODELS for mutant in made_of(model) if mutant.sql == unchanged(model)] == []


@pytest.mark.whole
def test_a_model_as_it_is_passes_every_judge() -> None:
    """Flags judges that find what nobody changed: all mutants would seem noticed."""
    models = [model for model in MODELS if list(judges.judges_of(model))]
    found = {model: judges.who_notices(Mutant(model, "none", "", unchanged(model))) for model in models}
    assert {model: judge for model, judge in found.items() if judge != "nobody"} == {}


@functools.cache
def unchanged(model: str) -> str:
    return judges.written_anew(project.nodes()[model]["compiled_code"])
