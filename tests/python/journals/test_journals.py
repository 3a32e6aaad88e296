"""Nobody who objected has a journal, and nothing is stored of one but what may be: the gateway against an oracle.

The oracle is plain Python (journal_oracle.py). As in test_opt_outs.py no assert compares anything that holds a number.
"""

import csv
import functools
import io
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from bench.gateway_sql import KEY, journal_models, models, pseudonym
from bench.journal_sql import changed, problems, rendered, run
from conftest import PROJECT
from gp_level_data.raw.intake_rules import rules
from gp_level_data.shapes import Row
from journals import journal_worlds
from journals.journal_mutants import MUTANTS, Mutant
from journals.journal_oracle import Journals, Stored, stored
from opt_outs.opt_out_oracle import seed

PEOPLE, ROWS = 600, 6
SEED = 20170401


@functools.cache
def world(name: str) -> tuple[duckdb.DuckDBPyConnection, Journals, Stored]:
    """A world: the gateway's run over it, what was sent, and the oracle's answer."""
    journals = journal_worlds.by_hand(**journal_worlds.HAND_MADE[name])
    return run(journals), journals, stored(journals)


@pytest.mark.parametrize("name", journal_worlds.HAND_MADE)
def test_every_case_made_by_hand(name: str) -> None:
    assert problems(*world(name)) == []


@pytest.mark.parametrize("collection", ["gpdpr", "care_data"])
def test_drawn_journals(collection: str) -> None:
    journals = journal_worlds.drawn(f"{SEED} {collection}", collection, PEOPLE, ROWS)
    wanted = stored(journals)
    assert problems(run(journals), journals, wanted) == []
    counts = len(wanted.people), len(wanted.records)
    assert counts > (200, 300)


def sent_again(name: str, **changes: Any) -> Journals:
    """What was sent in a world, some of it otherwise."""
    journals = world(name)[1]
    return replace(journals, sent=replace(journals.sent, **changes))


def test_without_a_wave_care_data_is_national() -> None:
    """Roll-out is the wave taken out of the policy, and nothing else."""
    national = [row | ({"wave": None} if row["collection"] == "care_data" else {}) for row in seed("collections")]
    journals = sent_again("care.data", collections=national)
    wanted = stored(journals)
    assert problems(run(journals), journals, wanted) == []
    before, after = ({practice for _, practice in answer.people} for answer in (world("care.data")[2], wanted))
    assert before < after


def test_who_objects_later_is_absent_from_the_next_build() -> None:
    """From every table; the counts of what was removed are the evidence."""
    connection, journals, wanted = world("gpdpr")
    person = max(number for number, practice in wanted.people if practice == journal_worlds.SECOND)
    objection = {
        "practice_code": journal_worlds.SECOND, "file_practice_code": journal_worlds.SECOND, "nhs_number": person,
        "code_scheme": "CTV3", "code": "XaZ89", "effective_date": "2017-03-30", "recorded_at": "2017-03-30",
    }  # fmt: skip
    files = [
        file | {"row_count": file["row_count"] + 1}
        if (file["file_kind"], file["practice_code"]) == ("opt_outs", journal_worlds.SECOND)
        else file
        for file in journals.sent.files
    ]
    later = sent_again("gpdpr", opt_outs=[*journals.sent.opt_outs, objection], files=files)
    next_build = run(later)
    key = pseudonym(KEY, "gpdpr", person)
    tables = [node["name"] for node in (*models(), *journal_models()) if "patient_key" in node["columns"]]
    assert len(tables) > 5
    query = " union all ".join(f"select patient_key from gateway.{table}" for table in tables)
    rows_before, rows_after = (
        one.execute(f"select count(*) from ({query}) where patient_key = ?", [key]).fetchall()[0][0]
        for one in (connection, next_build)
    )
    assert rows_before > 0 and rows_after == 0
    evidence = "select sum(person_count) from gateway.int_journals__removed_counts where reason = 'type_1_dissent'"
    people_before, people_after = (one.execute(evidence).fetchall()[0][0] for one in (connection, next_build))
    assert people_after > people_before
    assert problems(next_build, later) == []


def test_every_rule_of_the_journals_has_its_case() -> None:
    """Flags a rule that nobody has seen at work."""
    removed, of_care = (
        f"select {column} from gateway.{table}"
        for column, table in (("reason", "int_journals__removed_counts"), ("rejected_rule", "int_social_care__judged"))
    )
    queries = (("gpdpr", removed), ("care.data", removed), ("care.data", of_care))
    met = {rule for name, query in queries for (rule,) in world(name)[0].execute(query).fetchall()}
    ours = [rule.rule for rule in rules().values() if set(rule.file_kinds) <= {"journals", "social_care"}]
    assert len(ours) > 20
    assert [rule for rule in ours if rule not in met] == []


def mutated(mutant: Mutant) -> Row:
    """What the mutant makes of the project's SQL or of a seed."""
    text = (PROJECT / mutant.file).read_text()
    assert text.count(mutant.before) == 1, f"the mutant hits {text.count(mutant.before)} times, not once"
    text = text.replace(mutant.before, mutant.after)
    if mutant.file.endswith(".csv"):
        rows = csv.DictReader(io.StringIO(text))
        return {"seeds": {mutant.file[6:-4]: [{k: v or None for k, v in row.items()} for row in rows]}}
    before, after = rendered(), rendered(mutant.file, text)
    return {"sql": {name: sql for name, sql in after.items() if sql != before[name]}}


@pytest.mark.exhaustive
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.file.split('/')[-1]}: {m.name}")
def test_the_mutant_is_noticed(mutant: Any) -> None:
    connection, journals, wanted = world(mutant.world)
    changes = mutated(mutant)
    assert any(changes.values()), "the mutant changes nothing"
    with changed(connection, journals, **changes):
        assert problems(connection, journals, wanted), f"nobody noticed: {mutant.breaks}"


def test_mutants_are_of_what_dbt_runs() -> None:
    """Flags a rendering of the models that is not dbt's."""
    ours = rendered()
    differing = [
        node["name"] for node in journal_models() if ours[node["name"]].split() != node["compiled_code"].split()
    ]
    assert differing == []


def test_no_mutant_is_listed_twice() -> None:
    assert len({(mutant.file, mutant.name) for mutant in MUTANTS}) == len(MUTANTS)
