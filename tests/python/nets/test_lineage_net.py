"""The lineage net: the project is proved, every leak is refused, nothing harmless is.

The leaks are models in memory, so that hundreds of them cost seconds; the engine is asked whether
each is SQL that it would run, or refusing it would prove nothing.
"""

import copy
import functools
import re
import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from conftest import PROJECT, Folders, copy_project
from gp_level_data.command_line import main
from gp_level_data.docs_site import under_heading
from gp_level_data.nets import lineage, rooms, sources
from gp_level_data.nets.lineage import command, compiled, project, steps
from gp_level_data.nets.lineage.freshness import problems_of_freshness
from gp_level_data.nets.lineage.table import page
from gp_level_data.nets.lineage.values import NotUnderstood
from gp_level_data.raw import landing
from gp_level_data.shapes import Cells, Manifest, Row
from nets.lineage_snippets import HARMLESS, LEAKS, NOT_FOR_THE_ENGINE

MODEL = "int_patients__permitted"
# Raw columns that are not text.
TYPES = {
    "byte_count": "bigint",
    "row_count": "bigint",
    "line_count": "bigint",
    "sequence_number": "bigint",
    "position": "bigint",
    "sent_date": "date",
    "is_synthetic": "boolean",
}


@pytest.fixture(scope="module")
def manifest(built: Folders) -> Manifest:
    """Both runs of the session's build, as they were compiled."""
    return compiled.built_manifest(built.work / "target" / "gateway", built.work / "target")


@pytest.fixture(scope="module")
def by_name(manifest: Manifest) -> dict[str, Row]:
    kinds = ("model", "seed", "snapshot")
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] in kinds}


@pytest.fixture(scope="module")
def analysed(manifest: Manifest) -> dict[str, project.Analysed]:
    """What the net finds of the project itself: what a snippet reads need not be looked at again."""
    return project.analyse(manifest)


def upstream(manifest: Manifest, keys: list[str]) -> dict[str, Row]:
    """The nodes named and all that they are built from."""
    found, waiting = {}, [key for key in keys if key in manifest["nodes"]]
    while waiting:
        key = waiting.pop()
        found[key] = manifest["nodes"][key]
        waiting += [up for up in project.parents(found[key]) if up in manifest["nodes"]]
    return found


def filled_in(snippet: str, by_name: dict[str, Row]) -> tuple[str, list[str]]:
    """A snippet's SQL, and the unique ids of what it reads."""
    names = re.findall(r"\{(\w+)\}", snippet)
    sql = snippet.format(**{name: by_name[name]["relation_name"] for name in names})
    return sql, [by_name[name]["unique_id"] for name in names]


@pytest.fixture(scope="module")
def findings_of(
    manifest: Manifest, by_name: dict[str, Row], analysed: dict[str, project.Analysed]
) -> Callable[..., list[str]]:
    """What the net says of a model that is compiled to a snippet, with other changes to its node."""
    return functools.partial(look_at, manifest, by_name, analysed)


def look_at(
    manifest: Manifest, by_name: dict[str, Row], analysed: dict[str, project.Analysed], snippet: str, **changes: object
) -> list[str]:
    sql, reads = filled_in(snippet, by_name)
    reads += [key for key in manifest["sources"] if "landing" in sql]
    model = {**by_name[MODEL], "compiled_code": sql, "depends_on": {"nodes": reads}, **changes}
    nodes = {**upstream(manifest, reads), model["unique_id"]: model}
    known = {key: analysed[key] for key in nodes if key in analysed and key != model["unique_id"]}
    found = lineage.findings({**manifest, "nodes": nodes}, known)
    assert {finding.where for finding in found} <= {MODEL}
    return [finding.what for finding in found]


def test_the_project_is_proved(manifest: Manifest, analysed: dict[str, project.Analysed]) -> None:
    assert lineage.findings(manifest) == []
    stored = [node for node in analysed.values() if node.is_stored]
    assert len(stored) > 40 and all(node.relation and node.relation.columns for node in stored)


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_refused(name: str, findings_of: Callable[..., Any]) -> None:
    kind, snippet = LEAKS[name]
    assert any(what.startswith(kind) for what in findings_of(snippet))


@pytest.mark.parametrize("name", HARMLESS)
def test_the_harmless_passes(name: str, findings_of: Callable[..., Any]) -> None:
    assert findings_of(HARMLESS[name]) == []


@pytest.fixture(scope="module")
def engine(manifest: Manifest, analysed: dict[str, project.Analysed]) -> duckdb.DuckDBPyConnection:
    """A database with every relation of the gateway, without a row."""
    connection = duckdb.connect()
    connection.create_function("pseudonymise", lambda number: number, [str], str)
    connection.create_function("release_pseudonym", lambda release, number: number, [str, str], str)
    for name in ("marts", "assurance", "patient_level", "released"):
        connection.execute(f"attach ':memory:' as {name}")
    nodes = [manifest["nodes"][key] for key in analysed]
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    tables = {node["relation_name"]: node for node in [*manifest["sources"].values(), *seeds, *nodes]}
    for schema in {".".join(name.split(".")[:2]) for name in tables}:
        connection.execute(f"create schema if not exists {schema}")
    for source in manifest["sources"].values():
        columns = [f"{name} {TYPES.get(name, 'varchar')}" for name in source["config"]["meta"]["identifies"]]
        connection.execute(f"create table {source['relation_name']} ({', '.join(columns)})")
    for seed in seeds:
        types = seed["config"]["column_types"]
        typed = f", types = {types}" if types else ""
        path = PROJECT / seed["original_file_path"]
        connection.execute(
            f"create table {seed['relation_name']} as from read_csv('{path}'{typed}, hive_partitioning = false)"
        )
    for node in nodes:
        if node["original_file_path"].startswith(compiled.GATEWAY):
            connection.execute(f"create table {node['relation_name']} as {node['compiled_code']}")
    return connection


def test_the_engine_would_run_every_snippet(engine: duckdb.DuckDBPyConnection, by_name: dict[str, Row]) -> None:
    """Flags a snippet with a slip of the pen, which would be refused for that."""
    snippets = HARMLESS | {name: snippet for name, (_, snippet) in LEAKS.items()}
    refused = {}
    for name in snippets.keys() - NOT_FOR_THE_ENGINE:
        try:
            engine.execute(f"explain {filled_in(snippets[name], by_name)[0]}")
        except duckdb.Error as error:
            refused[name] = str(error)
    assert refused == {}


# Leaks that are in the model's configuration, or in what its SQL was made from.


def test_a_view_in_a_store_counts_as_stored(findings_of: Callable[..., Any], by_name: dict[str, Row]) -> None:
    config = {**by_name[MODEL]["config"], "materialized": "view"}
    snippet = "select nhs_number from {int_patients__judged} order by 1"
    assert findings_of(snippet, config=config)
    assert findings_of(snippet.split(" order")[0], config=config, database="memory") == []


def test_a_snapshot_of_staging_is_refused(findings_of: Callable[..., Any]) -> None:
    changes = {"resource_type": "snapshot", "config": {"materialized": "snapshot"}}
    assert findings_of("select * from {stg_gpes__practice_records}", **changes)


@pytest.mark.parametrize("changes", ({"language": "python"}, {"compiled_code": None}))
def test_a_model_without_sql_is_refused(changes: Row, findings_of: Callable[..., Any]) -> None:
    assert findings_of("select 1 as a", **changes)


def test_a_table_that_dbt_does_not_know_it_reads_is_refused(
    findings_of: Callable[..., Any], by_name: dict[str, Row]
) -> None:
    sql = filled_in("select practice_code from {int_ods__practices}", by_name)[0]
    assert findings_of(sql)
    assert findings_of("select practice_code from {int_ods__practices}") == []


HASHED = 'select hash(nhs_number) as nhs_number from "memory"."gateway"."int_patients__sent"'


def test_whatever_reads_what_is_not_understood_is_not_proved(manifest: Manifest, by_name: dict[str, Row]) -> None:
    changed = {**by_name["int_patients__judged"], "compiled_code": HASHED}
    nodes = {**manifest["nodes"], changed["unique_id"]: changed}
    analysed = project.analyse({**manifest, "nodes": nodes})
    assert analysed[by_name[MODEL]["unique_id"]].relation is None
    assert [node.name for node in analysed.values() if node.problems] == ["int_patients__judged"]


# Raw columns.


def test_every_raw_column_says_whom_it_identifies(manifest: Manifest) -> None:
    """Flags a raw column that the sources do not list, or not where it stands in the relation."""
    declared = {
        source["identifier"]: list(source["config"]["meta"]["identifies"]) for source in manifest["sources"].values()
    }
    for kind in landing.file_kinds("individual_gp_level_data"):
        columns = [column.lower() for column in kind.columns]
        columns += ["file_practice_code"] * (kind.stem == landing.PRACTICE_CODE)
        columns += ["file_row"] * kind.is_numbered
        columns += ["metric_flags"] * bool(kind.optional)
        columns += ["file_name"] * (kind.owns_folder and kind.stem != landing.PRACTICE_CODE)
        assert declared[kind.relation] == columns
    assert all(declared.values())


def test_what_is_known_of_sources_lies_where_they_do(manifest: Manifest) -> None:
    """Flags a source that is listed and not there, or that lies elsewhere."""
    assert {sources.place_of(source) for source in manifest["sources"].values()} == set(sources.known_sources())


@pytest.mark.parametrize(
    ("identifier", "meta"),
    (
        ("hes_apc", {"newnhsno": None}),
        ("hes_apc", {"newnhsno": "nobody"}),
        ("hes_apc", {"newnhsno": "episode"}),
        ("hes_apc", {"another": "nobody"}),
        ("hes_apc", {}),
        ("opt_outs", {"about": None}),
        ("opt_outs", {"about": "nobody"}),
        ("practice_records", {"about": "objectors"}),
    ),
    ids=str,
)
def test_a_source_is_not_believed_what_it_says_of_itself(identifier: str, meta: Row, manifest: Manifest) -> None:
    """Flags YAML that says otherwise than the net whom a column identifies, or whom the rows are about."""
    [key] = [key for key, source in manifest["sources"].items() if source["identifier"] == identifier]
    whole = copy.deepcopy(manifest["sources"][key]["config"]["meta"])
    if "about" in meta:
        whole |= meta
    else:
        whole["identifies"] |= meta
    if not meta:
        del whole["identifies"]["newnhsno"]
    source = {**manifest["sources"][key], "config": {"meta": whole}}
    found = lineage.findings({**manifest, "sources": {**manifest["sources"], key: source}})
    assert [(finding.where.partition(".")[0], finding.what.partition(":")[0]) for finding in found] == [
        (source["source_name"], "SOURCE")
    ]
    assert project.source_relation(source) == project.source_relation(manifest["sources"][key])


@pytest.mark.parametrize(
    "changes",
    (
        {"identifier": "practice_records"},
        {"identifier": "Practice_Records"},
        {"identifier": "list_marks"},
        {"schema": "main"},
        {"database": "marts"},
    ),
    ids=str,
)
@pytest.mark.parametrize("columns", ({"practice_code": "nobody"}, {"nhs_number": "nobody"}))
def test_a_source_that_nobody_knows_is_refused(changes: Row, columns: Row, manifest: Manifest) -> None:
    """Flags raw rows that come in once more, under a name whose YAML says that they identify nobody."""
    [like] = [source for source in manifest["sources"].values() if source["identifier"] == "suppliers"]
    new = {
        **like, "unique_id": "source.p.gpes.list_marks", "name": "list_marks", "meta": {},
        "config": {"meta": {"identifies": columns}}, **changes,
    }  # fmt: skip
    found = lineage.findings({**manifest, "sources": {**manifest["sources"], new["unique_id"]: new}})
    assert "gpes.list_marks" in {finding.where for finding in found if finding.what.startswith("SOURCE")}
    try:
        known = dict(project.source_relation(new).columns)
    except NotUnderstood:
        return
    assert known["nhs_number"].of == "person"


# How fresh the raw files are.


@pytest.mark.parametrize(
    "changes",
    [
        {"loaded_at_field": "nhs_number"},
        {"loaded_at_field": "to_timestamp(try_cast(nhs_number as bigint))"},
        {"loaded_at_field": "recorded_at) filter (where (nhs_number > '5')"},
        {"freshness": {"filter": "nhs_number = '5'"}},
        {"loaded_at_query": "select max(nhs_number) from landing.opt_outs"},
        {"loaded_at_query": "select max(extracted_at) from landing.practice_records"},
        {"loaded_at_query": "select 1; select 2"},
    ],
    ids=str,
)
def test_freshness_says_nothing_of_a_number(changes: Row, manifest: Manifest) -> None:
    """Flags a question of how fresh a source is whose answer depends on a number, or reads another table."""
    [key] = [key for key, source in manifest["sources"].items() if source["identifier"] == "opt_outs"]
    found = lineage.findings({**manifest, "sources": {key: manifest["sources"][key] | changes}, "nodes": {}})
    assert [(finding.where, finding.what.partition(":")[0]) for finding in found[:1]] == [
        ("gpes.opt_outs", "FRESHNESS")
    ]


def test_freshness_by_a_day_is_proved(manifest: Manifest) -> None:
    """Flags a proof that refuses what the project asks, or a query of its own that says no more."""
    assert not list(problems_of_freshness(manifest))
    [key] = [key for key, source in manifest["sources"].items() if source["identifier"] == "opt_outs"]
    source = manifest["sources"][key] | {"loaded_at_query": "select max(recorded_at) from memory.landing.opt_outs"}
    assert not list(problems_of_freshness({"sources": {key: source}}))


# Sanctioned steps.


def test_every_step_is_taken(analysed: dict[str, project.Analysed]) -> None:
    taken = set().union(*(node.steps_taken for node in analysed.values()))
    assert taken == {step.name for step in steps.sanctioned()}
    assert all(step.reason and step.problem() is None for step in steps.sanctioned())


@pytest.mark.parametrize("name", [step.name for step in steps.sanctioned()])
def test_every_step_is_needed(name: str, manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    others = tuple(step for step in steps.sanctioned() if step.name != name)
    monkeypatch.setattr("gp_level_data.nets.lineage.expressions.sanctioned", lambda: others)
    assert lineage.findings(manifest)


@pytest.mark.parametrize("result", ("cast(person.number as varchar)", "'9'", "nobody.is_given"))
def test_a_step_that_yields_more_than_words_is_no_step(result: str) -> None:
    [rule] = [step for step in steps.sanctioned() if step.name == "number_rule"]
    sql = rule.expression.sql("duckdb").replace("'nhs_number_test_range'", result)
    assert replace(rule, expression=sqlglot.parse_one(sql, dialect="duckdb")).problem()


@pytest.mark.parametrize(
    ("yields", "sql"),
    (
        ("pseudonym", "md5(person.number)"),
        ("word", "person.number = '1'"),
        ("word", "upper(person.number)"),
        ("word", "case when person.number > 5 then 'a' else nobody.x end"),
        ("year", "year(birth_date.day)"),
        ("year", "case when year(birth_date.day) between 1880 and 20640 then year(birth_date.day) end"),
        ("year", "case when year(birth_date.day) between 1880 and 2064 then month(birth_date.day) end"),
        ("year", "case when month(birth_date.day) between 1880 and 2064 then year(birth_date.day) end"),
        ("year", "case when year(birth_date.day) between 1880 and 2064 then year(birth_date.day) else 1 end"),
    ),
)
def test_a_step_that_gives_an_identifier_away_is_no_step(yields: str, sql: str) -> None:
    assert steps.Step("x", yields, "", sqlglot.parse_one(sql, dialect="duckdb")).problem()


@pytest.fixture(scope="module")
def as_numbers() -> tuple[duckdb.DuckDBPyConnection, dict[str, str]]:
    """An engine, and the steps that yield the number itself, over a column `number`."""
    expressions = {
        step.name: re.sub(r"person\.\w+", "number", step.expression.sql("duckdb"))
        for step in steps.sanctioned()
        if step.yields == "person"
    }
    assert expressions.keys() == {"number_as_sent", "number_of_a_line", *OF_AN_OBJECTION}
    return duckdb.connect(), expressions


# In two steps, the second over what the first one gives.
OF_AN_OBJECTION = ("opt_out_number_plain", "opt_out_number_read")


@given(
    st.from_regex(r"\A {0,2}[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}[,x]? {0,2}\Z").filter(str.isascii)
    | st.text(string.digits + " ,-", max_size=14)
)
def test_a_cleaned_number_is_the_number_or_nothing(as_numbers: Cells, text: str) -> None:
    """Flags a step that yields `person` and gives anything but all ten digits as they were sent."""
    connection, expressions = as_numbers
    digits = re.sub(r"\D", "", text)
    for expression in (expressions["number_as_sent"], expressions["number_of_a_line"]):
        query = f"select {expression} from (select ?::varchar as number)"
        [result] = connection.execute(query, [text]).fetchone()
        assert result is None or (len(digits) == 10 and result == int(digits))


@given(st.text(string.digits + " ,.-E+'x", max_size=16))
def test_the_number_of_an_objection_is_what_was_sent_or_nothing(as_numbers: Cells, text: str) -> None:
    """Flags ten digits that did not stand in the text one after the other."""
    connection, expressions = as_numbers
    plain, read = (expressions[name] for name in OF_AN_OBJECTION)
    query = f"select {read} from (select {plain} as number from (select ?::varchar as number))"
    [result] = connection.execute(query, [text]).fetchone()
    assert result is None or f"{result:010d}" in re.sub(r"\D", "", text)


# The page, and the manifest that it is made from.


def test_the_page_says_what_the_proof_found(analysed: dict[str, project.Analysed]) -> None:
    """Flags a page that is not today's: `python -m gp_level_data lineage` writes it."""
    assert (PROJECT / command.PAGE).read_text() == page(list(analysed.values()))


def test_the_command_writes_the_page(
    manifest: Manifest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    monkeypatch.setattr(command, "compiled_manifest", lambda project_dir: manifest)
    (tmp_path / "models").mkdir()
    overview = (PROJECT / rooms.PAGE).read_text()
    (tmp_path / rooms.PAGE).write_text(under_heading(overview, rooms.NAME, "out of date"))
    assert main(["lineage"]) == 0
    assert (tmp_path / command.PAGE).read_text() == (PROJECT / command.PAGE).read_text()
    assert (tmp_path / rooms.PAGE).read_text() == overview
    assert capsys.readouterr().out.startswith("Proved: ")


def test_a_build_writes_the_page_where_it_is_another(
    built: Folders, analysed: dict[str, project.Analysed], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Flags a page that a build leaves as it was, and a build that stops where it may not write one."""
    targets = built.work / "target" / "gateway", built.work / "target"
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    assert not command.write_page(*targets), "there is no folder to write to"
    (tmp_path / "models").mkdir()
    (tmp_path / command.PAGE).write_text("yesterday's")
    assert command.write_page(*targets)
    assert (tmp_path / command.PAGE).read_text() == page(list(analysed.values()))
    assert not command.write_page(*targets), "it is as it was"


@pytest.mark.whole
def test_the_command_proves_the_files_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A macro that leaks, in a copy of the project that nobody has built."""
    copy = copy_project(tmp_path / "project")
    monkeypatch.setattr(command, "PROJECT", copy)
    macro = copy / "macros" / "gate" / "pseudonymise.sql"
    macro.write_text(macro.read_text().replace("pseudonymise(lpad", "concat('a', lpad"))
    before = (copy / command.PAGE).read_text()
    assert main(["lineage"]) == 1
    said = capsys.readouterr().out
    assert f"{MODEL}: VALUE: patient_key depends on an identifier" in said
    assert (copy / command.PAGE).read_text() == before
