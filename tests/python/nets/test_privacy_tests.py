"""The data tests of the tag `privacy`: all ran and passed in the build, and each is red where something leaks.

Leaks are models that somebody might add, each with one of the tests, in a copy of the project: one dbt run for all of
them. What asks at the gate runs as dbt compiled it, over a small world in a plain database.
"""

import csv
import json
import re
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bench import gateway_sql
from conftest import PROJECT, Folders, copy_project, copy_store, run_dbt, test_number
from gp_level_data.nets import graph as graphs
from gp_level_data.nets import names
from gp_level_data.nets.graph import Graph, parents
from gp_level_data.runs import dbt_command
from opt_outs.opt_out_oracle import Sent
from opt_outs.test_mutants import world

NUMBER = test_number(271_828)
OTHER = test_number(314_159)
SPELLED = str.maketrans("0123456789", "abcdefghij")
FOLDER = "models/intermediate/leaks"
# As pseudonyms are: the letters of a digest.
PSEUDONYMS = (
    "select translate(md5(i::varchar), '0123456789abcdef', 'abcdefghijklmnop') as patient_key from range(500) as t(i)"
)
# 18 to 22 of 58 to 62 are shown so: 29.0 to 37.9 percent, and 33.5 in the middle.
COUNTS = "20 as numerator_count, 60 as denominator_count"
SHOWN = f"select {COUNTS}, 33.5::double as percent, 'x' as metric_id"


@dataclass(frozen=True)
class Leak:
    """A table that somebody might add, the test that is asked of it, and whether it has to be red."""

    test: str
    sql: str
    arguments: str = "{}"
    is_red: bool = True


def holding(value: str, arguments: str = "{}", is_red: bool = True) -> Leak:
    return Leak("no_nhs_number", f"select 1 as n, {value} as note", arguments, is_red)


def keyed(sql: str, is_red: bool = True) -> Leak:
    return Leak("is_pseudonym", sql, "{column_name: patient_key}", is_red)


def people(sql: str, gates: str = "[ref('int_patients__permitted')]", is_red: bool = True) -> Leak:
    return Leak("nobody_who_objected", sql, f"{{gates: {gates}}}", is_red)


def published(columns: str, excepted: str = "{}", added_up: str = "false", is_red: bool = True) -> Leak:
    arguments = f'{{excepted: {excepted}, added_up: "{added_up}"}}'
    return Leak("no_small_number", f"select {columns}", arguments, is_red)


PERMITTED = "select patient_key from {{ ref('int_patients__permitted') }}"
LEAKS = {
    "number_plain": holding(f"'{NUMBER}'"),
    "number_grouped": holding(f"'seen: {NUMBER[:3]} {NUMBER[3:6]} {NUMBER[6:]}.'"),
    "number_reversed": holding(f"'{NUMBER[::-1]}'"),
    "number_in_another_script": holding(f"'{NUMBER.translate({48 + d: 0x660 + d for d in range(10)})}'"),
    "number_in_base_64": holding(f"'{b64encode(NUMBER.encode()).decode()}'"),
    "number_hashed": holding(f"md5('{NUMBER}')"),
    "number_as_integer": holding(f"{NUMBER}::bigint"),
    "number_as_fraction": holding(f"{NUMBER}::double / 1000"),
    "number_as_moment": holding(f"to_timestamp({NUMBER})"),
    "number_in_a_list": holding(f"[{NUMBER}]"),
    "number_in_a_structure": holding(f"{{'a': '{NUMBER}'}}"),
    "number_in_bytes": holding(f"'{NUMBER}'::blob"),
    "number_in_one_row": Leak(
        "no_nhs_number", f"select case when i = 99999 then '{NUMBER}' else 'a' end as note from range(100000) as t(i)"),
    # the seed allows a code of fifteen digits in this column, and nothing beside it
    "number_beside_a_code": holding(f"'999013581000000 {NUMBER}'", arguments="{allowed: ref('digits_allowed')}"),
    "code_that_is_allowed": holding("'999013581000000'", arguments="{allowed: ref('digits_allowed')}", is_red=False),
    "code_that_is_not": holding("'999013581000000'"),
    "no_number": Leak("no_nhs_number", f"{PSEUDONYMS} union all select 'A81001 on 2017-04-02'", is_red=False),

    "key_missing": keyed(f"{PSEUDONYMS} union all select null"),
    "key_short": keyed("select 'abcdefgh' as patient_key"),
    "key_in_hexadecimal": keyed("select md5(i::varchar) as patient_key from range(50) as t(i)"),
    "key_is_a_number": keyed(f"select '{NUMBER}' as patient_key"),
    "key_spells_a_number": keyed(
        f"select rpad(x, 32, 'p') as patient_key from (values ('{NUMBER.translate(SPELLED)}'),"
        f" ('{OTHER.translate(SPELLED)}')) as t(x)"),
    "key_spells_a_number_behind": keyed(
        f"select lpad(x, 32, 'p') as patient_key from (values ('{NUMBER.translate(SPELLED)}'),"
        f" ('{OTHER.translate(SPELLED)}')) as t(x)"),
    "key_as_it_should_be": keyed(f"{PSEUDONYMS} union all {PSEUDONYMS}", is_red=False),
    "key_of_nobody": keyed(f"{PSEUDONYMS} where false", is_red=False),

    "people_past_the_gate": people(f"{PERMITTED} union all select repeat('a', 32)"),
    "people_without_a_key": people(f"{PERMITTED} union all select null"),
    "people_of_another_gate": people(PERMITTED, "[ref('int_journals__people')]"),
    "people_through_the_gate": people(f"{PERMITTED} limit 10", is_red=False),
    "people_through_one_of_two": people(
        PERMITTED, "[ref('int_journals__people'), ref('int_patients__permitted')]", is_red=False),

    "small_number": published("3 as person_count"),
    "small_number_below_nothing": published("-3 as person_count"),
    "small_number_beside_others": published("* from (values (0), (10), (7), (null)) as t(person_count)"),
    "exact_number": published("1202 as person_count"),
    "exact_number_as_fraction": published("1202::double as person_count"),
    "exact_number_as_decimal": published("3.0::decimal(5, 1) as person_count"),
    "exact_number_as_hugeint": published("12::hugeint as person_count"),
    "small_number_as_text": published("'3' as person_text"),
    "exact_number_as_text": published("' 1,203' as person_text"),
    "numbers_in_a_list": published("[10, 3] as person_counts"),
    "numbers_in_a_structure": published("{'n': 3} as person_counts"),
    "numbers_in_json": published("""'{"n": 3}'::json as person_counts"""),
    "percent_without_counts": published("'A81001' as area_code, 3.4::double as percent_of_objectors"),
    "percent_of_exact_counts": published(f"{COUNTS}, 34.4::double as percent"),
    "percent_told_finely": published(f"{COUNTS}, 34.4::double as percent, false as is_exact"),
    "percent_that_is_exact": published(f"{COUNTS}, 34.4::double as percent, true as is_exact", is_red=False),
    "percent_that_cannot_be": published(f"{COUNTS}, 38.1::double as percent, true as is_exact"),
    "percent_of_a_sum": published(f"{COUNTS}, 38.1::double as percent, 'sum' as area", added_up="area = 'sum'", is_red=False),
    "percent_beside_a_sum": published(f"{COUNTS}, 38.1::double as percent, 'else' as area", added_up="area = 'sum'"),
    "percent_of_withheld_counts": published(
        "null::integer as numerator_count, 60 as denominator_count, 33.3::double as percent"),
    "limit_of_withheld_counts": published(
        "null::integer as numerator_count, 60 as denominator_count, 33.3::double as lower_95_ci"),
    "rate_of_exact_counts": published(
        f"{COUNTS}, 350.0::double as rate_per_1000"),
    "one_column_excepted_another_not": published(
        "3 as practice_count, 4 as person_count", "{practice_count: practices}"),
    "shown_numbers": published(f"* from ({SHOWN} union all select 0, 0, null, '*' union all"
                               " select null, null, null, '10')", is_red=False),
    "excepted_number": published("3 as practice_count", "{practice_count: practices}", is_red=False),
    "nothing_to_count": published("'A81001' as practice_code, true as is_open, date '2017-04-02' as day", is_red=False),
}  # fmt: skip


@pytest.fixture(scope="module")
def statuses(built: Folders, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """How the test of each table ended, and what dbt said of it."""
    folder = tmp_path_factory.mktemp("privacy_tests")
    project = copy_project(folder / "project")
    leaks = project / FOLDER
    leaks.mkdir()
    lines = ["version: 2", "models:"]
    for name, leak in LEAKS.items():
        (leaks / f"leak_{name}.sql").write_text(leak.sql + "\n")
        lines += [f"  - name: leak_{name}", "    config: {contract: {enforced: false}}"]
        test = f"{leak.test}: {{arguments: {leak.arguments}}}"
        lines += ["    data_tests:", f"      - {test}"]
    (leaks / "_leaks.yml").write_text("\n".join(lines) + "\n")
    with (project / "seeds" / "digits_allowed.csv").open("a", encoding="utf-8") as seed:
        for name in ("number_beside_a_code", "code_that_is_allowed"):
            csv.writer(seed).writerow([f"intermediate.leak_{name}", "note", "^[0-9]{15}", "a code"])
    store = copy_store(built, folder).store
    folders = Folders(store, built.keys, folder / "work", project=project)
    run_dbt(folders, "build", "--select", f"path:{FOLDER}", "digits_allowed")
    results = json.loads((folders.work / "target" / "run_results.json").read_text())["results"]
    ended = {result["unique_id"]: (result["status"], result["message"] or "") for result in results}
    manifest = json.loads((folders.work / "target" / "manifest.json").read_text())
    about = {key: graphs.tested_model(node) or "" for key, node in manifest["nodes"].items() if key in ended}
    return {
        re.sub(r".*[.]leak_", "", about[key]): ended[key]
        for key in about
        if key.startswith("test.") and ".leak_" in about[key]
    }


@pytest.mark.parametrize("name", LEAKS)
def test_each_leak_is_red_and_nothing_else(statuses: dict[str, tuple[str, str]], name: str) -> None:
    """Flags a test that lets a leak through, or cries wolf."""
    status, message = statuses[name]
    assert status == ("fail" if LEAKS[name].is_red else "pass")
    assert NUMBER not in message and NUMBER[::-1] not in message


def question() -> str:
    """What is asked at the gate, as dbt compiled it for the gateway run."""
    [node] = [
        node
        for node in gateway_sql.manifest()["nodes"].values()
        if node["resource_type"] == "test"
        and node["test_metadata"]["name"] == names.NO_OBJECTOR
        and node["attached_node"].endswith(".int_patients__permitted")
    ]
    assert names.PRIVACY in node["config"]["tags"]
    return str(node["compiled_code"])


def answer(connection: duckdb.DuckDBPyConnection, sent: Sent) -> int:
    """How many rows the question returns: as dbt counts them."""
    sql = question().replace("<collection>", sent.settings["collection"])
    sql = sql.replace('"patient_level"."gateway"', '"memory"."gateway"')
    [(rows,)] = connection.execute(f"select count(*) from ({sql}) as failing").fetchall()
    return int(rows)


WORLD = "this collection"


def test_who_objects_is_found_at_the_gate() -> None:
    """Flags a question at the gate that does not see who came past it."""
    connection, sent, _ = world(WORLD)
    assert answer(connection, sent) == 0
    code = gateway_sql.compiled("int_patients__permitted")
    past = code.replace("where opt_outs.nhs_number is null", "where true")
    assert past != code
    with gateway_sql.changed(connection, sent, {"int_patients__permitted": past}):
        assert answer(connection, sent) == 1


def test_whose_objection_is_lifted_is_not_found() -> None:
    """Flags a question at the gate that knows no exceptions: it would be red in each run that has one."""
    connection, sent, _ = world(WORLD)
    upheld = gateway_sql.compiled("int_opt_outs__upheld")
    lifted = f"select * replace ('by law' as lifted_by) from ({upheld})"
    count = "select count(*) from gateway.int_patients__permitted"
    [(without,)] = connection.execute(count).fetchall()
    with gateway_sql.changed(connection, sent, {"int_opt_outs__upheld": lifted}):
        assert connection.execute(count).fetchall() > [(without,)]
        assert answer(connection, sent) == 0


# ---- the build ------------------------------------------------------------------------------------


def test_every_privacy_test_passed_in_the_build(built: Folders) -> None:
    """Flags a privacy test that a build leaves out, skips or survives."""
    said = (built.work / "logs" / dbt_command.LOG).read_text()
    ended = {name: status for status, name in re.findall(r"\d+ of \d+ (\w+) (\w+) [ .]*\[", said)}
    targets = {"gateway": built.work / "target" / "gateway", "warehouse": built.work / "target"}
    ran: Counter[Any] = Counter()
    for run, target in targets.items():
        graph = Graph(json.loads((target / "manifest.json").read_text()))
        for node in graph.of("test").values():
            of_the_gateway = graphs.tested_model(node) in graph.gateway
            if names.PRIVACY in node["config"]["tags"] and of_the_gateway == (run == "gateway"):
                assert ended.get(node["name"]) == "PASS", f"{node['name']} did not pass"
                ran[names.test_name(node)] += 1
    assert set(ran) == {names.NO_NUMBER, names.IS_PSEUDONYM, names.NO_OBJECTOR, names.NO_SMALL_NUMBER}
    assert ran[names.NO_NUMBER] > 100


def test_the_tag_runs_in_the_warehouse(built: Folders, tmp_path: Path) -> None:
    """Flags `dbt test --select tag:privacy` that is not green, or that leaves out a kind of test."""
    folders = copy_store(built, tmp_path / "copy")
    ended = run_dbt(folders, "test", "--select", "tag:privacy")
    assert ended.code == 0
    results = json.loads((folders.work / "target" / "run_results.json").read_text())["results"]
    tests = [result for result in results if result["unique_id"].startswith("test.")]
    assert {result["status"] for result in tests} == {"pass"}
    for name in (names.NO_NUMBER, names.IS_PSEUDONYM, names.NO_OBJECTOR, names.NO_SMALL_NUMBER):
        assert any(f".{name}_" in result["unique_id"] for result in tests)


def test_allowances_are_read_where_there_are_any() -> None:
    """Flags a row of digits_allowed that its relation's test does not read, and a test that reads for nothing."""
    graph = Graph(gateway_sql.manifest())
    relations = {key: f"{node['schema']}.{node['alias']}" for key, node in graph.all.items() if "alias" in node}
    reading = {
        relations[graphs.tested_model(node)]
        for node in graph.of("test").values()
        if names.test_name(node) == names.NO_NUMBER
        and any(parent.endswith(".digits_allowed") for parent in parents(node))
        and node["test_metadata"]["kwargs"].get("allowed")
    }
    with (PROJECT / "seeds" / "digits_allowed.csv").open(newline="", encoding="utf-8") as file:
        allowed = {row["relation"] for row in csv.DictReader(file)}
    assert reading == allowed
