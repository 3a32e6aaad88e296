"""What a run has built is proved before its command ends (runs/built.py), from what was really run.

A project of three nodes in memory, and statements as dbt sends them. That the hook asks, that the command ends red and
that the store is as it was, is for the last test, which asks dbt.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from conftest import Folders, copy_project, copy_store, file_digests, run_dbt
from gp_level_data.runs import built as of_run
from gp_level_data.runs import proved_before, statements

SOURCE = {
    "resource_type": "source", "unique_id": "source.p.gpes.people", "name": "people", "source_name": "gpes",
    "identifier": "practice_records", "database": "memory", "schema": "landing", "meta": {}, "columns": {},
    "config": {"meta": {"identifies": {"nhs_number": "person", "practice_code": "nobody"}}},
    "original_file_path": "models/_sources.yml",
}  # fmt: skip
PLAIN = "select practice_code, count(*) as people from memory.landing.practice_records group by practice_code order by practice_code"
NUMBERS = "select nhs_number, practice_code from memory.landing.practice_records order by practice_code"
MODEL = ("patient_level", "gateway", "int_planted")


def node(code: str, template: str) -> SimpleNamespace:
    """A model of the gateway, as dbt has compiled its template."""
    facts = {
        "resource_type": "model", "unique_id": "model.p.int_planted", "name": "int_planted", "alias": MODEL[2],
        "database": MODEL[0], "schema": MODEL[1], "language": "sql", "compiled_code": code, "raw_code": template,
        "config": {"materialized": "table"}, "columns": {}, "tags": [], "meta": {},
        "original_file_path": "models/intermediate/gateway/int_planted.sql",
        "depends_on": {"nodes": [SOURCE["unique_id"]], "macros": []},
    }  # fmt: skip
    depends_on = SimpleNamespace(nodes=[SOURCE["unique_id"]])
    return SimpleNamespace(**facts | {"depends_on": depends_on}, to_dict=lambda: facts)


def project(code: str, template: str = "") -> Any:
    source = SimpleNamespace(to_dict=lambda: SOURCE)
    return SimpleNamespace(
        nodes={"model.p.int_planted": node(code, template or code)}, sources={SOURCE["unique_id"]: source}, macros={}
    )


def statement(code: str, place: tuple[str, str, str] = MODEL) -> str:
    """A table as dbt makes it."""
    database, schema, name = place
    return f'/* dbt */\ncreate table "{database}"."{schema}"."{name}__dbt_tmp" as (\n    {code}\n  );'


@pytest.fixture(autouse=True)
def begun() -> Iterator[None]:
    of_run.forget()
    yield
    of_run.forget()


def test_what_is_as_compiled_passes() -> None:
    """Flags a false alarm at the end of every run."""
    of_run.remember(statement(PLAIN))
    assert of_run.findings(project(PLAIN)) == []
    assert of_run.sentence([]) == ""


def test_a_relation_with_a_number_is_named() -> None:
    """Flags a stored number that nothing at the end of a run sees: relation, column and net are said."""
    of_run.remember(statement(NUMBERS))
    [*_, last] = found = of_run.findings(project(NUMBERS))
    assert any("lineage" in said and "int_planted" in said and "nhs_number" in said for said in found), last
    assert of_run.sentence(found).startswith(statements.NOT_PROVED)


def test_other_sql_than_was_compiled_is_named() -> None:
    """Flags SQL that was put in the place of the compiled one after the nets had read it."""
    of_run.remember(statement(NUMBERS))
    assert "int_planted was built of other SQL than dbt compiled it to" in of_run.findings(project(PLAIN))


def test_a_relation_of_no_model_is_named() -> None:
    """Flags a table that a macro made beside the models."""
    of_run.remember(statement(PLAIN, ("marts", "reference", "notes")))
    assert of_run.findings(project(PLAIN)) == ["marts.reference.notes was built and is no model's"]


def test_only_what_was_built_is_asked() -> None:
    """Flags a run that is undone for a model that it did not touch."""
    assert of_run.findings(project(NUMBERS)) == []


def test_temporary_tables_and_other_statements_are_not_remembered() -> None:
    """Flags a run that is undone for what goes with its connection."""
    for sql in (
        'create temporary table "int_planted__dbt_tmp2026" as (select 1)', "select 1", "BEGIN",
        f'alter table "{MODEL[0]}"."{MODEL[1]}"."a__dbt_tmp" rename to "a"',
    ):  # fmt: skip
        of_run.remember(sql)
    assert of_run.findings(project(PLAIN)) == []


def test_what_nobody_knows_is_named(tmp_path: Path) -> None:
    """Flags a table that somebody left in the store, and how it goes."""
    with duckdb.connect(tmp_path / "marts.duckdb") as connection:
        connection.execute("create table main.left_here (a int); create schema history")
        connection.execute("create table history.destroyed (a int); create temp table passing (a int)")
        [said] = of_run.left_over(project(PLAIN), of_run.stored_in(connection))
    assert "marts.main.left_here" in said and "make build" in said


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[set[str]]:
    """What the net by lineage is asked about, and a memory of its own."""
    asked: list[set[str]] = []
    proves = of_run.problems

    def noted(project: Any, keys: set[str]) -> Iterator[tuple[str, str]]:
        asked.append(keys)
        return proves(project, keys)

    monkeypatch.setattr(of_run, "problems", noted)
    monkeypatch.setattr(proved_before, "file", lambda: tmp_path / "lineage" / "proved.json")
    return asked


def test_what_held_is_not_proved_again(looked_at: list[set[str]]) -> None:
    """Flags a second run that proves the same SQL again; and one that takes other SQL, or another project, for proved."""
    of_run.remember(statement(PLAIN))
    for _ in range(2):
        assert of_run.findings(project(PLAIN), remembers=True) == []
    other = PLAIN.replace("practice_records group", "practice_records where true group")
    of_run.remember(statement(other))
    assert of_run.findings(project(other, template=PLAIN), remembers=True) == []
    of_run.remember(statement(PLAIN))
    changed = project(PLAIN)
    changed.sources[SOURCE["unique_id"]] = SimpleNamespace(to_dict=lambda: SOURCE | {"meta": {"about": "objectors"}})
    assert of_run.findings(changed, remembers=True) == []
    key = {"model.p.int_planted"}
    assert looked_at == [key, set(), key, key]


def test_other_settings_of_the_project_are_other_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Flags a proof that stands although the project's own settings, which SQL is compiled with, have changed."""
    settings = tmp_path / "dbt_project.yml"
    monkeypatch.setattr(proved_before, "get_flags", lambda: SimpleNamespace(PROJECT_DIR=tmp_path))
    found = set()
    for content in ("vars: {a: 1}", "vars: {a: 2}"):
        settings.write_text(content)
        found.add(proved_before.surroundings(project(PLAIN)))
    monkeypatch.setattr(proved_before, "get_flags", lambda: SimpleNamespace(PROJECT_DIR=tmp_path, VARS={"a": 3}))
    found.add(proved_before.surroundings(project(PLAIN)))
    assert len(found) == 3


def test_what_did_not_hold_is_not_remembered(looked_at: list[set[str]]) -> None:
    """Flags a leak that passes at the second attempt; and a run that asks its memory though it may not."""
    of_run.remember(statement(NUMBERS))
    for _ in range(2):
        assert of_run.findings(project(NUMBERS), remembers=True)
    of_run.remember(statement(PLAIN))
    assert of_run.findings(project(PLAIN), remembers=True) == of_run.findings(project(PLAIN)) == []
    assert looked_at == [{"model.p.int_planted"}] * 4


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', "\x00"])
def test_a_memory_that_is_none_proves_nothing(looked_at: list[set[str]], content: str) -> None:
    proved_before.file().parent.mkdir()
    proved_before.file().write_text(content)
    of_run.remember(statement(PLAIN))
    assert of_run.findings(project(PLAIN), remembers=True) == []
    assert looked_at == [{"model.p.int_planted"}]


MARK = "written by a model that is undone"


@pytest.mark.whole
def test_what_was_caught_is_undone_to_the_byte(built: Folders, tmp_path: Path) -> None:
    """Flags a leak that stays in the store after a net has caught it: as a table, or in the bytes of a file."""
    project_dir = copy_project(tmp_path / "project")
    (project_dir / "models" / "marts" / "gp_report" / "planted.sql").write_text(
        "{{ config(contract={'enforced': false}) }}\n"
        f"select patient_key, '{MARK}' as note from {{{{ ref('int_patients__permitted') }}}}\n"
    )
    folders = replace(copy_store(built, tmp_path / "copy"), project=project_dir, environment={})
    ended = run_dbt(folders, "build", "--select", "planted", "--exclude-resource-type", "test", "unit_test")
    assert ended.code != 0
    assert statements.NOT_PROVED in ended.stdout and "planted" in ended.stdout and "lineage" in ended.stdout
    assert "is as it was before this run" in ended.stderr
    assert file_digests(folders.store) == file_digests(built.store)
    left = [path.name for path in folders.store.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]
    assert left == []
