"""Every mutant of the gate is noticed: what comes out differs from the oracle's answer.

Each is one replacement in the compiled SQL or in a seed, in memory, and one run of the gateway's models in a plain
database over the world where it shows.
"""

import csv
import functools
import io
from collections import Counter
from types import ModuleType

import duckdb
import pytest

from bench import gateway_sql
from conftest import PROJECT
from gp_level_data.shapes import Row
from journals import journal_mutants
from opt_outs.mutants import MUTANTS, Mutant
from opt_outs.opt_out_oracle import Expected, Sent, expected
from opt_outs.opt_out_worlds import HAND_MADE, REFUSED_EXCEPTIONS, by_hand, refused_exception
from releases import release_mutants


@functools.cache
def world(name: str) -> tuple[duckdb.DuckDBPyConnection, Sent, Expected]:
    """A world: the gateway's run over it, what was sent, and the oracle's answer."""
    sent = by_hand(**HAND_MADE[name]) if name in HAND_MADE else refused_exception(REFUSED_EXCEPTIONS[name])
    return gateway_sql.run(sent), sent, expected(sent)


def written(file: str) -> str:
    return (PROJECT / file).read_text()


def replaced(text: str, before: str, after: str) -> str:
    assert text.count(before) == 1, f"the mutant hits {text.count(before)} times, not once"
    return text.replace(before, after)


def mutated(mutant: Mutant) -> Row:
    """What the mutant makes of the project's SQL or of a seed."""
    path = PROJECT / mutant.file
    source = replaced(written(mutant.file), mutant.before, mutant.after)
    if path.suffix == ".csv":
        rows = csv.DictReader(io.StringIO(source))
        return {"seeds": {path.stem: [{k: v or None for k, v in row.items()} for row in rows]}}
    before, after = map(gateway_sql.as_compiled, (mutant.before, mutant.after))
    if mutant.file.startswith("macros/"):
        users = [node["name"] for node in gateway_sql.models() if f"{path.stem}(" in node["raw_code"]]
        assert users
    else:
        users = [path.stem]
    return {"sql": {user: replaced(gateway_sql.compiled(user), before, after) for user in users}}


@pytest.mark.exhaustive
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.file.split('/')[-1]}: {m.name}")
def test_the_mutant_is_noticed(mutant: Mutant) -> None:
    connection, sent, wanted = world(mutant.world)
    with gateway_sql.changed(connection, sent, **mutated(mutant)):
        assert gateway_sql.problems(connection, sent, wanted), f"nobody noticed: {mutant.breaks}"


def test_every_mutant_hits() -> None:
    """Flags, in each tier, a mutant of what is no longer written so: nobody would know that it is noticed."""
    for mutant in MUTANTS:
        changed = mutated(mutant)
        assert all(sql != gateway_sql.compiled(model) for model, sql in changed.get("sql", {}).items()), mutant.name


@pytest.mark.parametrize("made", [journal_mutants, release_mutants], ids=lambda made: made.__name__)
def test_every_other_mutant_hits(made: ModuleType) -> None:
    """Flags the same of the mutants of journals and of releases, each one replacement in a file."""
    hits = {f"{mutant.file}: {mutant.name}": written(mutant.file).count(mutant.before) for mutant in made.MUTANTS}
    assert {name: count for name, count in hits.items() if count != 1} == {}


def test_without_a_mutant_there_is_no_difference() -> None:
    found = {name: gateway_sql.problems(*world(name)) for name in sorted({mutant.world for mutant in MUTANTS})}
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_every_part_of_the_gate_has_mutants() -> None:
    mutants = Counter(mutant.file.split("/")[-1] for mutant in MUTANTS)
    parts = (
        "int_opt_outs__in_force.sql",
        "int_opt_outs__upheld.sql",
        "int_opt_outs__excepted.sql",
        "exclude_opted_out.sql",
        "int_practices__files.sql",
        "int_practices__admitted.sql",
        "int_patients__permitted.sql",
        "int_admissions__emergency.sql",
        "int_intake__record_counts.sql",
        "collections.csv",
        "opt_out_codes.csv",
    )
    assert [part for part in parts if not mutants[part]] == []
    assert len({(mutant.file, mutant.name) for mutant in MUTANTS}) == len(MUTANTS)
