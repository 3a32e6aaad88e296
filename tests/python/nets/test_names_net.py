"""Net 1, by name: the project passes it, and each rule is broken once in a copy of the manifest."""

import copy
import json
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conftest import PROJECT, Folders, test_number
from gp_level_data.nets import Finding, names
from gp_level_data.nets.graph import Graph
from gp_level_data.nets.spelling import numbers_quoted, speaks_of_numbers
from gp_level_data.shapes import Manifest, Row

PROJECT_NAME = "gp_level_data_warehouse"
# One node of each sort that the rules tell apart.
STAGING = f"model.{PROJECT_NAME}.stg_gpes__opt_outs"
VIEW = f"model.{PROJECT_NAME}.int_records__judged"
GATEWAY = f"model.{PROJECT_NAME}.int_patients__permitted"
REFERENCE = f"model.{PROJECT_NAME}.int_cqrs__participation"
INTERMEDIATE = f"model.{PROJECT_NAME}.int_admissions__qualifying"
MART = f"model.{PROJECT_NAME}.fct_gp_metrics"
SEED = f"seed.{PROJECT_NAME}.metrics"
SNAPSHOT = f"snapshot.{PROJECT_NAME}.snp_cqrs__participation"
BORDER = [path.read_text() for path in (PROJECT / "models" / "intermediate" / "gateway").rglob("*.sql")]
CALLERS = sum("{{ pseudonymise(" in text for text in BORDER)
EXTRACT = f"model.{PROJECT_NAME}.rel_gpdpr_example_research"
OF_RELEASES = f"model.{PROJECT_NAME}.int_releases__pseudonyms"
RECALLED = f"model.{PROJECT_NAME}.{names.COUNTS_OBJECTORS}"
WAYS_OF_RELEASES = "makes the pseudonym of a release otherwise than the row's own, as release_key"
EXPOSURE = f"exposure.{PROJECT_NAME}.gp_report"
OPERATION = f"operation.{PROJECT_NAME}.{PROJECT_NAME}-on-run-end-0"
DOC = f"doc.{PROJECT_NAME}.metric_flags"
LANDING = f"source.{PROJECT_NAME}.gpes.opt_outs"

FRESH = "is fresh by something else than a column that identifies nobody"
EXPRESSION = "has a constraint that is not one expression over its columns"

NO_COLUMN = "has a {} that is not one of its columns by name"
TOLD = "is told {}, which no snapshot has to be told"

Break = Callable[[Row], None]
Rule = Callable[[Graph], Iterator[tuple[str, str]]]


@pytest.fixture(scope="module")
def texts(built: Folders) -> dict[str, str]:
    """The manifests that the sample's build left: as the gateway and as the analyst compiled it."""
    folders = {"gateway": built.work / "target" / "gateway", "warehouse": built.work / "target"}
    return {name: (folder / "manifest.json").read_text() for name, folder in folders.items()}


@pytest.mark.parametrize("run", ["gateway", "warehouse"])
def test_the_project_passes(texts: dict[str, str], run: str) -> None:
    """Flags a rule that the project itself breaks. To mend it, mend the project."""
    assert names.findings(json.loads(texts[run])) == []


def node(manifest: Manifest, key: str) -> Row:
    section = {"source": "sources", "exposure": "exposures", "doc": "docs", "unit_test": "unit_tests"}
    found: Row = manifest[section.get(key.split(".")[0], "nodes")][key]
    return found


SETTINGS_MODEL = "model.gp_level_data_warehouse.int_collection__settings"


def put(key: str, *path: str, value: object) -> Break:
    """Change one field of a node."""

    def apply(manifest: Manifest) -> None:
        inner = node(manifest, key)
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value

    return apply


def replaced(key: str, before: str, after: str) -> Break:
    """Change a piece of a model's SQL."""

    def apply(manifest: Manifest) -> None:
        assert node(manifest, key)["raw_code"].count(before) == 1
        node(manifest, key)["raw_code"] = node(manifest, key)["raw_code"].replace(before, after)

    return apply


def rename_column(key: str, old: str, new: str) -> Break:
    def apply(manifest: Manifest) -> None:
        columns = node(manifest, key)["columns"]
        columns[new] = columns.pop(old) | {"name": new}

    return apply


def drop_constraint(kind: str) -> Break:
    def apply(manifest: Manifest) -> None:
        column = node(manifest, GATEWAY)["columns"][names.PATIENT_KEY]
        column["constraints"] = [c for c in column["constraints"] if c["type"] != kind]

    return apply


def constrain(kind: str, key: str = GATEWAY, column: str = "practice_code") -> Break:
    def apply(manifest: Manifest) -> None:
        node(manifest, key)["columns"][column]["constraints"].append({"type": kind, "expression": None})

    return apply


def check(expression: str) -> Break:
    """A CHECK more on a column of the gateway."""

    def apply(manifest: Manifest) -> None:
        constraint = {"type": "check", "expression": expression}
        node(manifest, GATEWAY)["columns"]["practice_code"]["constraints"].append(constraint)

    return apply


def in_words(number: str) -> str:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    return " ".join(words[int(digit)] for digit in number)


def loosen_check(manifest: Manifest) -> None:
    for constraint in node(manifest, GATEWAY)["columns"][names.PATIENT_KEY]["constraints"]:
        if constraint["type"] == "check":
            constraint["expression"] = "regexp_full_match(patient_key, '[a-p]{32}|[0-9]{10}')"


def read(key: str, *parents: str) -> Break:
    """Give a node other parents."""

    def apply(manifest: Manifest) -> None:
        node(manifest, key)["depends_on"]["nodes"] += parents

    return apply


def its_tests(manifest: Manifest, key: str) -> list[Row]:
    return [n for n in manifest["nodes"].values() if n.get("attached_node") == key]


def one_test(manifest: Manifest, of: str, name: str) -> Row:
    """The data test of that name that a node has."""
    return next(n for n in its_tests(manifest, of) if n["test_metadata"]["name"] == name)


def drop_test(of: str, name: str) -> Break:
    def apply(manifest: Manifest) -> None:
        del manifest["nodes"][one_test(manifest, of, name)["unique_id"]]

    return apply


def edit_test(of: str, name: str, edit: Break) -> Break:
    """Change the node of a data test that is there."""
    return lambda manifest: edit(one_test(manifest, of, name))


def a_test(manifest: Manifest, of: str | None, name: str) -> Row:
    """A data test with a node of its own."""
    pattern = one_test(manifest, GATEWAY, "unique_key")
    made = copy.deepcopy(pattern) | {"unique_id": "test.made_up", "name": "made_up", "attached_node": of}
    made["test_metadata"] = made["test_metadata"] | {"name": name} if of else None
    manifest["nodes"]["test.made_up"] = made
    return made


def add_test(of: str | None, name: str, reads: str) -> Break:
    def apply(manifest: Manifest) -> None:
        a_test(manifest, of, name)["depends_on"]["nodes"] = [reads]

    return apply


def set_test(setting: str, value: object) -> Break:
    def apply(manifest: Manifest) -> None:
        a_test(manifest, GATEWAY, "unique_key")["config"][setting] = value

    return apply


def add_macro(name: str, sql: str, used_by: str | None = None, package: str = PROJECT_NAME) -> Break:
    def apply(manifest: Manifest) -> None:
        key = f"macro.{package}.{name}"
        macro = {"name": name, "unique_id": key, "resource_type": "macro", "package_name": package}
        manifest["macros"][key] = macro | {"macro_sql": sql, "depends_on": {"macros": []}}
        if used_by:
            node(manifest, used_by)["depends_on"]["macros"].append(key)

    return apply


def copy_node(key: str, times: int = 1, tested: bool = True, **fields: object) -> Break:
    """More of the same, under other names, each with tests like those of the first."""

    def apply(manifest: Manifest) -> None:
        for number in range(times):
            made = copy.deepcopy(node(manifest, key)) | {"unique_id": f"{key}_{number}"} | fields
            manifest["nodes"][made["unique_id"]] = made
            for test in its_tests(manifest, key) if tested else ():
                of_it = copy.deepcopy(test) | {"unique_id": f"{test['unique_id']}_{number}"}
                of_it["attached_node"] = made["unique_id"]
                of_it["depends_on"]["nodes"].append(made["unique_id"])
                of_it["depends_on"]["nodes"].remove(key)
                manifest["nodes"][of_it["unique_id"]] = of_it

    return apply


def quote(key: str, *path: str, stem: int = 7, shape: str = "{}{}{}") -> Break:
    number = test_number(stem)
    text = f"for example {shape.format(number[:3], number[3:6], number[6:])}"
    return put(key, *path, value=text)


def real_number_in_a_unit_test(manifest: Manifest) -> None:
    """A fixture outside the range for tests; the number is made here and is in no file."""
    case = next(c for c in manifest["unit_tests"].values() if c["model"] == "int_patients__permitted")
    nine = "456123078"
    digit = 11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1))) % 11
    case["given"][0]["rows"] = [{"nhs_number": int(f"{nine}{digit % 11}")}]


def select(name: str, part: Row) -> Break:
    """A selector more, or another part of one that is there."""

    def apply(manifest: Manifest) -> None:
        selector = manifest["selectors"].setdefault(name, {"name": name, "definition": {"union": []}})
        selector["definition"]["union"].append(part)

    return apply


def fixture(sql: str) -> Break:
    def apply(manifest: Manifest) -> None:
        next(iter(manifest["unit_tests"].values()))["given"][0]["rows"] = sql

    return apply


def override(**what: Row) -> Break:
    def apply(manifest: Manifest) -> None:
        next(iter(manifest["unit_tests"].values()))["overrides"] = what

    return apply


def call(column: str) -> Break:
    """Another column of the permitted people."""

    def apply(manifest: Manifest) -> None:
        code = node(manifest, GATEWAY)["raw_code"]
        node(manifest, GATEWAY)["raw_code"] = code.replace("gp_code,", f"gp_code,\n    {column},")

    return apply


def rewrite(macro: str, old: str, new: str) -> Break:
    def apply(manifest: Manifest) -> None:
        found = manifest["macros"][f"macro.{PROJECT_NAME}.{macro}"]
        assert old in found["macro_sql"]
        found["macro_sql"] = found["macro_sql"].replace(old, new)

    return apply


def ask_at(gate: str | None) -> Break:
    """Give a test nobody_who_objected another gate, or none."""

    def apply(test: Row) -> None:
        test["test_metadata"]["kwargs"]["gates"] = [gate] if gate else None
        test["depends_on"]["nodes"] = [test["attached_node"], *([gate] if gate else [])]

    return apply


def except_column(name: str, reason: str) -> Break:
    return lambda test: test["test_metadata"]["kwargs"].update(excepted={name: reason})


TEST = f"test.{PROJECT_NAME}."
WITHOUT = "does without the test"
NO_GATE = "asks a gate that is none"
WAYS = "makes a pseudonym otherwise than by {{ pseudonymise('nhs_number') }} as patient_key"
REAL = "has a fixture that is not made up on the spot"
OVERRIDES = "overrides something with more than plain words"
TELLS = "asks or tells something while it is compiled"
SPEAKS = "speaks of an NHS Number"
QUOTES = "quotes a number that could be somebody's"
READS = "reads identifiable rows outside the gateway"

# What breaks each rule: the change, and where and what the rule then says.
BROKEN: dict[Rule, dict[str, tuple[Break, str, str]]] = {
    names.nothing_speaks_of_numbers: {
        "model name": (put(MART, "name", value="fct_nhs_numbers"), MART, SPEAKS),
        "alias": (put(MART, "alias", value="fct_newnhsno"), MART, SPEAKS),
        "file name": (put(MART, "original_file_path", value="models/marts/nhsno.sql"), MART, SPEAKS),
        "description": (put(MART, "description", value="Each patient's NHS no."), MART, SPEAKS),
        "tag": (put(INTERMEDIATE, "tags", value=["nhs-number"]), INTERMEDIATE, SPEAKS),
        "meta": (put(INTERMEDIATE, "meta", value={"holds": ["NHS Number"]}), INTERMEDIATE, SPEAKS),
        "meta key": (put(SEED, "config", "meta", value={"nhs_number": True}), SEED, SPEAKS),
        "SQL": (put(MART, "raw_code", value="select 1 as nhs_number"), MART, SPEAKS),
        "compiled SQL": (put(MART, "compiled_code", value="select 1 as nhs_number"), MART, SPEAKS),
        "macro": (add_macro("kept", "{{ nhs_number }}", used_by=MART), MART,
                  f"uses macro.{PROJECT_NAME}.kept, which speaks of an NHS Number"),
        "column": (rename_column(MART, "gp_code", "nhsNo"), MART, SPEAKS),
        "gateway column": (rename_column(GATEWAY, "gp_code", "nhs_number"), GATEWAY, SPEAKS),
        "gateway description": (put(GATEWAY, "description", value="By NHS Number."), GATEWAY, SPEAKS),
        "column description": (
            put(REFERENCE, "columns", "status", "description", value="N.H.S. number"), REFERENCE, SPEAKS),
        "snapshot": (put(SNAPSHOT, "name", value="snp_nhs_nos"), SNAPSHOT, SPEAKS),
        "exposure": (put(EXPOSURE, "description", value="NHS\u00a0Numbers"), EXPOSURE, SPEAKS),
        "doc": (put(DOC, "block_contents", value="ＮＨＳ number"), DOC, SPEAKS),
        "test": (lambda m: a_test(m, GATEWAY, "unique_key").update(description="NHS number"),
                 "test.made_up", SPEAKS),
        "the test that is named so": (
            edit_test(MART, "no_nhs_number", lambda t: t.update(description="NHS number")), TEST, SPEAKS),
        "another test that looks for one": (
            edit_test(MART, "unique_key", lambda t: t.update(name="no_nhs_number_twice")), TEST, SPEAKS),
        "the question at the gate, beyond it": (
            edit_test(INTERMEDIATE, "nobody_who_objected", lambda t: t.update(compiled_code="nhs_number")),
            TEST, SPEAKS),
    },
    names.nothing_quotes_a_number: {
        "quoted in a description": (quote(MART, "description"), MART, QUOTES),
        "quoted in a doc": (quote(DOC, "block_contents", shape="{} {} {}"), DOC, QUOTES),
        "quoted in staging": (quote(STAGING, "description", shape="{}-{}-{}"), STAGING, QUOTES),
        "quoted in meta": (put(SEED, "meta", value={"n": int(test_number(8))}), SEED, QUOTES),
        "quoted in SQL": (quote(VIEW, "raw_code", shape="{}\u2013{}\u2013{}"), VIEW, QUOTES),
        "quoted digit by digit": (put(MART, "description", value=" ".join(test_number(9))), MART, QUOTES),
        "quoted in groups of its own": (quote(MART, "description", shape="{}/{}/{}"), MART, QUOTES),
        "quoted in words": (put(MART, "description", value=in_words(test_number(9))), MART, QUOTES),
        "quoted in a url": (put(EXPOSURE, "url", value=f"https://a.example/{test_number(9)}"), EXPOSURE, QUOTES),
        "quoted in two cells of meta": (
            put(MART, "meta", value={"a": test_number(9)[:5], "b": test_number(9)[5:]}), MART, QUOTES),
        "quoted in a list": (put(MART, "meta", value={"a": [test_number(9)[:4], test_number(9)[4:]]}), MART, QUOTES),
        "quoted backwards": (put(MART, "description", value=test_number(9)[::-1]), MART, QUOTES),
        "all digits in a row": (
            put(MART, "description", value=f"translate(a, '{string.digits}', '')"), MART,
            "writes the ten digits in a row, which is a valid number: say [0-9]"),
        "fixture outside the range for tests": (
            real_number_in_a_unit_test, "unit_test.", QUOTES),
    },
    names.every_model_keeps_to_its_zone: {
        "a release beside the marts": (put(EXTRACT, "schema", value="main"), EXTRACT, "lies in patient_level.main"),
        "a public release": (put(EXTRACT, "access", value="protected"), EXTRACT, "is protected, not private"),
        "stored staging": (put(STAGING, "config", "materialized", value="table"), STAGING,
                           "is materialised as table, which models/staging/ is not for"),
        "staging in the store": (put(STAGING, "database", value="marts"), STAGING, "lies in marts.staging"),
        "gateway view in the store": (put(VIEW, "database", value="patient_level"), VIEW,
                                      "lies in patient_level.gateway"),
        "gateway table among the marts": (put(GATEWAY, "schema", value="main"), GATEWAY,
                                          "lies in patient_level.main"),
        "ephemeral": (put(INTERMEDIATE, "config", "materialized", value="ephemeral"), INTERMEDIATE,
                      "is materialised as ephemeral, which models/intermediate/ is not for"),
        "a view among the marts": (put(MART, "config", "materialized", value="view"), MART,
                                   "is materialised as view, which models/marts/ is not for"),
        "exact counts among the marts": (put(INTERMEDIATE, "database", value="marts"), INTERMEDIATE,
                                         "lies in marts.intermediate"),
        "another folder": (put(MART, "original_file_path", value="models/extra/a.sql"), MART,
                           "lies in a folder that is no zone"),
        "no group": (put(STAGING, "group", value=None), STAGING,
                     "belongs to the group None, not gateway"),
        "other group": (put(VIEW, "group", value="warehouse"), VIEW,
                        "belongs to the group warehouse, not gateway"),
        "protected staging": (put(STAGING, "access", value="protected"), STAGING,
                              "is protected, not private"),
        "protected gateway view": (put(VIEW, "access", value="protected"), VIEW,
                                   "is protected, not private"),
        "protected intermediate": (put(INTERMEDIATE, "access", value="protected"), INTERMEDIATE,
                                   "is protected, not private"),
        "public mart": (put(MART, "access", value="public"), MART, "is public, not protected"),
    },
    names.unit_tests_make_up_their_rows: {
        "fixture that reads a table": (fixture("select * from memory.landing.opt_outs"), "unit_test.", REAL),
        "fixture that reads a file": (fixture("select * from 'raw.csv'"), "unit_test.", REAL),
        "fixture that calls a function": (fixture("from query_table('x')"), "unit_test.", REAL),
        "fixture that reads a table behind a comma": (
            fixture("select p.a from (select 1 as a) as r, memory.landing.practice_records as p"), "unit_test.", REAL),
        "fixture that reads a table in a subquery": (
            fixture("select (select max(a) from landing.practice_records) as a"), "unit_test.", REAL),
        "fixture that reads a view of the run": (fixture("from landed_opt_outs_0"), "unit_test.", REAL),
        "fixture that names a step like a view": (
            fixture("select * from (with landed_a as (select 1 as a) select * from landed_a) as s, landed_a"),
            "unit_test.", REAL),
        "fixture that names a step like what it reads": (
            fixture("with landed_a as (select * from landed_a) select * from landed_a"), "unit_test.", REAL),
        "fixture that reads rows of people where seeds are named": (
            fixture("from patient_level.seeds.metrics"), "unit_test.", REAL),
        "fixture that reads no seed of the project": (fixture("from seeds.copied"), "unit_test.", REAL),
        "fixture that closes what is around it": (fixture("select 1 as a) as b, (select 2 as c"), "unit_test.", REAL),
        "fixture that is a template": (fixture("select '{{ run_query(1) }}' as a"), "unit_test.", REAL),
        "cell that is no single value": (
            lambda m: next(iter(m["unit_tests"].values()))["given"][0].update(rows=[{"a": ["b'"]}]), "unit_test.", REAL),
        "cell under an expression": (
            lambda m: next(iter(m["unit_tests"].values()))["given"][0].update(rows=[{"a, (select 1)": 1}]),
            "unit_test.", REAL),
        "a variable that is SQL": (override(vars={"collection": "' or exists (from a) or '"}), "unit_test.", OVERRIDES),
        "a macro": (override(macros={"exclude_opted_out": "memory.landing.opt_outs"}), "unit_test.", OVERRIDES),
        "a macro that is more than a text": (
            override(macros={"pseudonymise": "'a' || (select 'b')"}), "unit_test.", OVERRIDES),
        "fixture in a file of its own": (
            lambda m: next(iter(m["unit_tests"].values()))["expect"].update(fixture="x"), "unit_test.", REAL),
    },
    names.nothing_reads_what_lies_farther_on: {
        "a rule that reads a result": (read(INTERMEDIATE, MART), INTERMEDIATE, "reads fct_gp_metrics, which lies farther on"),
        "a gate behind the gateway": (read(GATEWAY, INTERMEDIATE), GATEWAY,
                                      "reads int_admissions__qualifying, which lies farther on"),
        "a release among the rules": (read(INTERMEDIATE, EXTRACT), INTERMEDIATE,
                                      "reads rel_gpdpr_example_research, which lies farther on"),
    },
    names.every_model_is_sql: {
        "python": (put(GATEWAY, "language", value="python"), GATEWAY, "is written in python"),
    },
    names.only_the_gateway_reads_what_is_identifiable: {
        "intermediate reads staging": (read(INTERMEDIATE, STAGING), INTERMEDIATE, READS),
        "mart reads a gateway view": (read(MART, VIEW), MART, READS),
        "exposure of a gateway view": (read(EXPOSURE, VIEW), EXPOSURE, READS),
        "seed reads staging": (lambda m: node(m, SEED).update(depends_on={"nodes": [STAGING]}), SEED, READS),
        "singular test of staging": (add_test(None, "", STAGING), "test.made_up", READS),
        "generic test of staging": (add_test(STAGING, "unique_key", STAGING), "test.made_up", READS),
        "test of a gateway view that returns values": (
            add_test(VIEW, "accepted_values", VIEW), "test.made_up", READS),
        "singular test of a gateway view": (add_test(None, "", VIEW), "test.made_up", READS),
        "unit test of a mart with staging": (
            lambda m: next(c for c in m["unit_tests"].values() if c["model"] == "int_admissions__qualifying")[
                "depends_on"]["nodes"].append(STAGING), "unit_test.", READS),
        "gateway reads raw files": (read(GATEWAY, LANDING), GATEWAY, "reads raw files"),
        "test reads raw files": (add_test(None, "", LANDING), "test.made_up", "reads raw files"),
        "snapshot of staging": (read(SNAPSHOT, STAGING), SNAPSHOT, READS),
    },
    names.reference_data_count_nobody: {
        "counts in the clear": (put(SETTINGS_MODEL, "columns", "person_count", value={"name": "person_count"}), SETTINGS_MODEL,
                                "is named like a count, beside the marts: database assurance, schema counts"),
    },
    names.snapshots_follow_reference_data: {
        "snapshot of people": (read(SNAPSHOT, GATEWAY), SNAPSHOT,
                               "follows something else than reference data and counts"),
    },
    names.seeds_and_snapshots_lie_in_their_place: {
        "a seed in the place of raw files": (put(SEED, "schema", value="landing"), SEED, "lies in marts.landing.metrics"),
        "a seed under another name": (put(SEED, "alias", value="opt_outs"), SEED, "lies in marts.seeds.opt_outs"),
        "a snapshot in the place of raw files": (
            put(SNAPSHOT, "schema", value="landing"), SNAPSHOT, "lies in marts.landing.snp_cqrs__participation"),
        "a snapshot under another name": (
            put(SNAPSHOT, "alias", value="files"), SNAPSHOT, "lies in marts.snapshots.files"),
    },
    names.settings_are_plain_names: {
        "a moment with a query": (
            put(SNAPSHOT, "config", "updated_at", value="(select count(*) from a)"), SNAPSHOT, NO_COLUMN.format("updated_at")),
        "a moment that is no column": (
            put(SNAPSHOT, "config", "updated_at", value="current_timestamp"), SNAPSHOT, NO_COLUMN.format("updated_at")),
        "an end with a query": (
            put(SNAPSHOT, "config", "dbt_valid_to_current", value="(select max(a) from b)"), SNAPSHOT,
            TOLD.format("dbt_valid_to_current")),
        "a key with a query": (
            put(SNAPSHOT, "config", "unique_key", value="practice_code || (select 1)"), SNAPSHOT,
            NO_COLUMN.format("unique_key")),
        "one key of two with a query": (
            put(SNAPSHOT, "config", "unique_key", value=["practice_code", "(select 1)"]), SNAPSHOT,
            NO_COLUMN.format("unique_key")),
        "a list of columns with a query": (
            put(SNAPSHOT, "config", "check_cols", value=["status", "(select 1)"]), SNAPSHOT,
            NO_COLUMN.format("check_cols")),
        "a key of all columns": (
            put(SNAPSHOT, "config", "unique_key", value="all"), SNAPSHOT, NO_COLUMN.format("unique_key")),
        "a way of its own": (
            put(SNAPSHOT, "config", "strategy", value="mine"), SNAPSHOT, "is told another strategy than check, timestamp"),
        "columns of dbt's under other names": (
            put(SNAPSHOT, "config", "snapshot_meta_column_names", "dbt_valid_to", value="a, (select 1) as b"), SNAPSHOT,
            TOLD.format("snapshot_meta_column_names")),
        "a type": (put(SNAPSHOT, "config", "column_types", value={"a": "varchar"}), SNAPSHOT, TOLD.format("column_types")),
        "which rows of before stay, by a query": (
            put(MART, "config", "incremental_predicates", value=["(select count(*) from a) > 3"]), MART,
            "is told incremental_predicates, which no model has to be told"),
        "a model's key with a query": (
            put(MART, "config", "unique_key", value="(select gp_code from a)"), MART, NO_COLUMN.format("unique_key")),
        "a model made in another way": (
            put(MART, "config", "incremental_strategy", value="merge"), MART,
            "is told another incremental_strategy than append, delete+insert"),
        "a setting that nobody knows": (put(SNAPSHOT, "config", "sql_header", value="select 1;"), SNAPSHOT,
                                        TOLD.format("sql_header")),
    },
    names.raw_files_come_from_landing: {
        "raw files once more": (
            put(LANDING, "identifier", value="practice_records"), LANDING, "is a relation that another source is as well"),
        "raw files that nobody knows": (
            put(LANDING, "identifier", value="list_marks"), LANDING,
            "is memory.landing.list_marks, which nets/sources.py does not list"),
        "source elsewhere": (put(LANDING, "schema", value="main"), LANDING, "lies in memory.main"),
        "source with a location": (put(LANDING, "source_meta", value={"external_location": "x"}), LANDING,
                                   "has a location of its own"),
    },
    names.freshness_is_of_a_column: {
        "fresh by a number": (
            put(LANDING, "loaded_at_field", value="to_timestamp(try_cast(nhs_number as bigint))"), LANDING, FRESH),
        "fresh by the number's own column": (put(LANDING, "loaded_at_field", value="nhs_number"), LANDING, FRESH),
        "fresh by a query": (put(LANDING, "loaded_at_query", value="select max(nhs_number) from a"), LANDING,
                             "is fresh by a query of its own"),
        "fresh by a filter": (put(LANDING, "freshness", value={"filter": "nhs_number > 9"}), LANDING,
                              "is fresh by a query of its own"),
    },
    names.contracts_are_columns_and_expressions: {
        "a second statement in a CHECK": (check("true)); copy a to 'b'; select ((1"), GATEWAY, EXPRESSION),
        "a column behind a CHECK": (check("true), b varchar default ('c'"), GATEWAY, EXPRESSION),
        "a query in a CHECK": (check("practice_code in (select nhs_number from a)"), GATEWAY, EXPRESSION),
        "a comment in a CHECK": (check("practice_code = 'a' --"), GATEWAY, EXPRESSION),
        "a function in a CHECK": (check("error(practice_code)"), GATEWAY, EXPRESSION),
        "another table's column in a CHECK": (check("b.practice_code = 'a'"), GATEWAY, EXPRESSION),
        "a type and more": (put(GATEWAY, "columns", "practice_code", "data_type", value="varchar); drop table a; --"),
                            GATEWAY, "has a type that is more than a type"),
        "a seed's type and more": (put(SEED, "config", "column_types", value={"a": "varchar default nextval('b')"}),
                                   SEED, "has a type that is more than a type"),
        "a name and more": (rename_column(MART, "gp_code", "gp_code varchar); drop table a; --"), MART,
                            "has a column whose name is more than a name"),
    },
    names.the_gateway_is_small: {
        "a large gateway": (copy_node(VIEW, times=names.MOST_GATEWAY_MODELS), "models/intermediate/gateway",
                            f"has more than {names.MOST_GATEWAY_MODELS} models"),
        "many pseudonyms": (copy_node(GATEWAY, times=names.MOST_MODELS_WITH_PSEUDONYMS), "models/intermediate/gateway",
                            f"makes pseudonyms in {CALLERS + names.MOST_MODELS_WITH_PSEUDONYMS} models"),
    },
    names.only_stored_gateway_models_pseudonymise: {
        "pseudonyms in a view": (put(VIEW, "raw_code", value="select pseudonymise (a) as b"), VIEW,
                                 "calls pseudonymise and is not a table"),
        "pseudonyms by a macro": (add_macro("hidden", "pseudonymise(a)", used_by=INTERMEDIATE), INTERMEDIATE,
                                  "calls pseudonymise outside the gateway"),
        "pseudonyms of something else": (
            put(REFERENCE, "raw_code", value="select pseudonymise(a) as b"), REFERENCE,
            f"calls pseudonymise for something else than {names.PATIENT_KEY}"),
        "objectors kept": (rename_column(RECALLED, "opt_out_kind", "release_key"), RECALLED,
                           "keeps pseudonyms of objectors"),
        "pseudonyms in a test": (
            edit_test(GATEWAY, "unique_key", lambda t: t.update(compiled_code="select pseudonymise(a)")),
            TEST, "calls pseudonymise and is no model"),
        "pseudonyms in a snapshot": (put(SNAPSHOT, "raw_code", value="select pseudonymise(a)"), SNAPSHOT,
                                     "calls pseudonymise and is no model"),
        "the question at the gate, beyond it": (
            edit_test(INTERMEDIATE, "nobody_who_objected", ask_at(None)), TEST,
            "calls pseudonymise and is no model"),
    },
    names.pseudonyms_are_made_in_one_way: {
        "of a piece": (call("pseudonymise(lpad(right(nhs_number, 4), 10, '0')) as household"), GATEWAY, WAYS),
        "of a neighbour": (call("{{ pseudonymise('nhs_number + 1') }} as next"), GATEWAY, WAYS),
        "with a tail": (call("{{ pseudonymise('nhs_number') }} || right(nhs_number, 4) as patient_key"),
                        GATEWAY, WAYS),
        "another macro": (rewrite("pseudonymise", "lpad(", "left(sha256("),
                          f"macro.{PROJECT_NAME}.pseudonymise",
                          "has another text than the one that was reviewed"),
        "another gate": (rewrite("exclude_opted_out", "where opt_outs.nhs_number is null", ""),
                         f"macro.{PROJECT_NAME}.exclude_opted_out",
                         "has another text than the one that was reviewed"),
        "other objectors": (rewrite("pseudonyms_of_objectors", "is null", "is not null"),
                            f"macro.{PROJECT_NAME}.pseudonyms_of_objectors",
                            "has another text than the one that was reviewed"),
        "another release's": (replaced(OF_RELEASES, "('release_id', 'nhs_number')", "('other_id', 'nhs_number')"),
                              OF_RELEASES, WAYS_OF_RELEASES),
        "a release's where nobody's is made": (
            put(INTERMEDIATE, "raw_code", value="{{ release_pseudonym('release_id', 'nhs_number') }} as release_key"),
            INTERMEDIATE, WAYS_OF_RELEASES),
        "another macro of releases": (rewrite("release_pseudonym", "{{ release_id }}", "'gpdpr'"),
                                      f"macro.{PROJECT_NAME}.release_pseudonym",
                                      "has another text than the one that was reviewed"),
    },
    names.releases_have_no_pseudonyms_but_their_own: {
        "the collection's": (rename_column(EXTRACT, "release_key", "patient_key"), EXTRACT,
                             f"gives {names.PATIENT_KEY} away"),
    },
    names.generic_tests_count: {
        "failing rows": (rewrite("test_unique_key", "count(*) as repeated_key_count", "*"),
                         f"macro.{PROJECT_NAME}.test_unique_key", "returns something else than a count"),
        "failing rows behind a tag": (rewrite("test_no_nhs_number", "count(*) as shape_count", "*"),
                                      f"macro.{PROJECT_NAME}.test_no_nhs_number",
                                      "returns something else than a count"),
        "rows told by the tag": (rewrite("test_no_nhs_number", "['privacy']", "[run_query('x')]"),
                                 f"macro.{PROJECT_NAME}.test_no_nhs_number",
                                 "returns something else than a count"),
    },
    names.every_stored_relation_has_its_privacy_tests: {
        "a table": (drop_test(GATEWAY, "no_nhs_number"), GATEWAY, f"{WITHOUT} no_nhs_number"),
        "a mart": (drop_test(MART, "no_nhs_number"), MART, f"{WITHOUT} no_nhs_number"),
        "a seed": (drop_test(SEED, "no_nhs_number"), SEED, f"{WITHOUT} no_nhs_number"),
        "a snapshot": (drop_test(SNAPSHOT, "no_nhs_number"), SNAPSHOT, f"{WITHOUT} no_nhs_number"),
        "a new mart": (copy_node(MART, tested=False), f"{MART}_0", f"{WITHOUT} no_small_number"),
        "without the tag": (edit_test(MART, "no_nhs_number", lambda t: t["config"].update(tags=[])), MART,
                            f"{WITHOUT} no_nhs_number"),
        "a key": (drop_test(INTERMEDIATE, "is_pseudonym"), f"{INTERMEDIATE}.patient_key", f"{WITHOUT} is_pseudonym"),
        "a key of a release": (drop_test(EXTRACT, "is_pseudonym"), f"{EXTRACT}.release_key",
                               f"{WITHOUT} is_pseudonym"),
        "people": (drop_test(GATEWAY, "nobody_who_objected"), GATEWAY, f"{WITHOUT} nobody_who_objected"),
        "people of a release": (drop_test(EXTRACT, "nobody_who_objected"), EXTRACT,
                                f"{WITHOUT} nobody_who_objected"),
        "what is published": (drop_test(MART, "no_small_number"), MART, f"{WITHOUT} no_small_number"),
    },
    names.privacy_tests_are_asked_in_earnest: {
        "its own gate": (edit_test(INTERMEDIATE, "nobody_who_objected", ask_at(INTERMEDIATE)), TEST, NO_GATE),
        "a mart as a gate": (edit_test(INTERMEDIATE, "nobody_who_objected", ask_at(MART)), TEST, NO_GATE),
        "a gate without the test": (drop_test(GATEWAY, "nobody_who_objected"), TEST, NO_GATE),
        "everybody as a gate": (edit_test(INTERMEDIATE, "nobody_who_objected", ask_at(VIEW)), TEST, NO_GATE),
        "no gate": (edit_test(INTERMEDIATE, "nobody_who_objected", ask_at(None)), TEST,
                    "asks at the gate about what lies beyond it"),
        "no reason": (edit_test(MART, "no_small_number", except_column("numerator_count", " ")), TEST,
                      "excepts a column without a reason"),
        "another column": (edit_test(MART, "no_small_number", except_column("persons", "not people")), TEST,
                           "excepts a column that is not there"),
    },
    names.every_stored_model_has_a_contract: {
        "no contract": (put(MART, "config", "contract", "enforced", value=False), MART,
                        "has no enforced contract"),
        "contract without columns": (put(REFERENCE, "columns", value={}), REFERENCE,
                                     "has no enforced contract"),
        "unique": (constrain("unique"), GATEWAY, "has a constraint of type unique"),
        "primary key": (put(MART, "constraints", value=[{"type": "primary_key"}]), MART,
                        "has a constraint of type primary_key"),
    },
    names.patient_keys_are_pseudonyms_and_nothing_else: {
        "a release in the marts": (put(EXTRACT, "database", value="marts"), f"{EXTRACT}.release_key",
                                   "is stored outside the patient-level database"),
        "an unchecked release": (put(EXTRACT, "columns", "release_key", "constraints", value=[]),
                                 f"{EXTRACT}.release_key", "has not the CHECK of a pseudonym"),
        "nullable pseudonym": (drop_constraint("not_null"), f"{GATEWAY}.patient_key", "may be null"),
        "unchecked pseudonym": (drop_constraint("check"), f"{GATEWAY}.patient_key",
                                "has not the CHECK of a pseudonym"),
        "loose check": (loosen_check, f"{GATEWAY}.patient_key", "has not the CHECK of a pseudonym"),
        "pseudonym in the marts": (rename_column(MART, "gp_code", "patient_key"), f"{MART}.patient_key",
                                   "is stored outside the patient-level database"),
    },
    names.no_other_column_is_a_key: {
        "key of another name": (rename_column(INTERMEDIATE, "patient_key", "person_id"),
                                f"{INTERMEDIATE}.person_id", "is named like a key that nobody knows"),
        "hash": (rename_column(MART, "gp_code", "row_hash"), f"{MART}.row_hash",
                 "is named like a key that nobody knows"),
        "key in a seed": (put(SEED, "columns", value={"patient_token": {}}), f"{SEED}.patient_token",
                          "is named like a key that nobody knows"),
    },
    names.no_column_is_a_birthday_or_an_address: {
        "day of birth": (rename_column(MART, "gp_code", "date_of_birth"), f"{MART}.date_of_birth",
                         "is named like a day of birth or an address"),
        "the same, shorter": (rename_column(INTERMEDIATE, "patient_key", "dob"), f"{INTERMEDIATE}.dob",
                              "is named like a day of birth or an address"),
        "postcode": (rename_column(MART, "gp_code", "patient_postcode"), f"{MART}.patient_postcode",
                     "is named like a day of birth or an address"),
    },
    names.nothing_runs_beside_the_models: {
        "pre-hook": (put(STAGING, "config", "pre-hook", value=[{"sql": "select 1"}]), STAGING, "has a hook"),
        "post-hook": (put(SEED, "config", "post-hook", value=[{"sql": "select 1"}]), SEED, "has a hook"),
        "another operation": (put(OPERATION, "raw_code", value="copy x to 'y'"), OPERATION,
                              "is an operation that nobody knows"),
        "an operation less": (
            put(OPERATION, "raw_code", value="select 1"),
            "dbt_project.yml", "does without {{ check_stored_values() }}"),
        "at the end": (put(OPERATION, "tags", value=["on-run-start"]), OPERATION,
                       "is an operation that nobody knows"),
        "the operation writes": (
            rewrite("check_intake", "select error", "copy x to 'y'; select error"),
            f"macro.{PROJECT_NAME}.check_intake", "writes, and an operation uses it"),
    },
    names.nothing_is_asked_or_told_while_compiling: {
        "a query while compiling": (
            put(MART, "raw_code", value="{% set a = run_query('select 1') %} select 1"), MART, TELLS),
        "a log": (put(GATEWAY, "raw_code", value="{{ log(x, info=true) }} select 1"), GATEWAY, TELLS),
        "an environment variable": (put(MART, "raw_code", value="{{ env_var('A') }}"), MART, TELLS),
        "an error on purpose": (
            put(MART, "raw_code", value="{% do exceptions.warn(x) %}"), MART, TELLS),
        "by a macro": (add_macro("told", "{{ print(x) }}", used_by=STAGING), STAGING, TELLS),
    },
    names.dbt_makes_tables_its_own_way: {
        "a replaced macro": (add_macro("duckdb__create_table_as", ""),
                             f"macro.{PROJECT_NAME}.duckdb__create_table_as", "replaces a macro of dbt's"),
        "a replaced materialisation": (add_macro("materialization_table_duckdb", ""),
                                       f"macro.{PROJECT_NAME}.materialization_table_duckdb",
                                       "replaces a macro of dbt's"),
    },
    names.each_run_takes_all_that_is_its_own: {
        "a run without its tests": (select("gateway", {"exclude": [{"method": "resource_type", "value": "test"}]}),
                                    "selectors.yml", "selects otherwise than was reviewed"),
        "one more": (select("some", {"method": "fqn", "value": "*"}),
                     "selectors.yml", "selects otherwise than was reviewed"),
    },
    names.only_known_kinds: {
        "a function": (copy_node(MART, resource_type="function"), f"{MART}_0",
                       "is a function, which no rule knows"),
        "another package": (put(REFERENCE, "package_name", value="other"), REFERENCE,
                            "comes from another package"),
    },
    names.failing_rows_are_never_kept: {
        "kept rows": (set_test("store_failures", True), "test.made_up",
                      "is a test with store_failures of its own"),
        "rows kept if asked": (set_test("store_failures", None), "test.made_up",
                               "is a test with store_failures of its own"),
        "rows kept as": (set_test("store_failures_as", "table"), "test.made_up",
                         "is a test with store_failures_as of its own"),
        "a value as count": (set_test("fail_calc", "max(patient_key)"), "test.made_up",
                             "is a test with fail_calc of its own"),
        "how many rows fail": (set_test("fail_calc", "count(*)"), "test.made_up",
                               "is a test with fail_calc of its own"),
        "only a warning": (set_test("severity", "warn"), "test.made_up",
                           "is a test with severity of its own"),
        "some rows only": (set_test("where", "false"), "test.made_up", "is a test with where of its own"),
        "never an error": (set_test("error_if", ">1000"), "test.made_up",
                           "is a test with error_if of its own"),
        "a count before dbt's own": (set_test("sql_header", "select count(*), true, true from people except all"),
                                     "test.made_up", "is told sql_header, which no test has to be told"),
    },
}  # fmt: skip


def test_a_seed_may_not_quote_a_number(texts: dict[str, str], tmp_path: Path) -> None:
    manifest = json.loads(texts["warehouse"])
    node(manifest, SEED)["root_path"] = str(tmp_path)
    path = tmp_path / node(manifest, SEED)["original_file_path"]
    path.parent.mkdir(parents=True)
    for text, expected in (("a\nnobody\n", []), (f"a\nseen with {test_number(8)}\n", [(SEED, QUOTES)])):
        path.write_text(text)
        assert list(names.nothing_quotes_a_number(Graph(manifest))) == expected


@pytest.mark.parametrize(
    ("rule", "name"),
    [pytest.param(rule, name, id=f"{rule.__name__}: {name}") for rule, cases in BROKEN.items() for name in cases],
)
def test_each_rule_catches(texts: dict[str, str], rule: Rule, name: str) -> None:
    """Flags a rule that has lost its teeth."""
    break_it, where, what = BROKEN[rule][name]
    manifest = json.loads(texts["warehouse"])
    break_it(manifest)
    found = list(rule(Graph(manifest)))
    assert any(place.startswith(where) and words == what for place, words in found)
    assert not list(numbers_quoted(str(found)))


def test_every_rule_is_asked() -> None:
    """Flags a rule that no case above breaks, or that the net leaves out."""
    assert list(BROKEN) and set(BROKEN) == set(names.RULES)


def test_findings_are_what_the_rules_say(texts: dict[str, str]) -> None:
    """Flags a net that drops what its rules found."""
    manifest = json.loads(texts["warehouse"])
    put(MART, "access", value="public")(manifest)
    assert names.findings(manifest) == [Finding("names", MART, "is public, not protected")]


HARMLESS: dict[str, Break] = {
    "eight digits": put(MART, "description", value="Since 20160401, see letter 12345678."),
    "ten digits that are no number": put(MART, "description", value="from 1234567890 rows"),
    "a moment": put(MART, "description", value="2017-04-02T09:00:00+01:00"),
    "NHS now": put(MART, "description", value="As the NHS now says, NHS notes; NHS Norfolk."),
    "what there is not": put(MART, "description", value="Counted by pseudonym, never by NHS Number; no NHS numbers."),
    "an analysis": copy_node(MART, resource_type="analysis"),
    "another column": rename_column(MART, "gp_code", "patient_count"),
    "a year of birth": rename_column(MART, "gp_code", "birth_year"),
    "another seed column": put(SEED, "columns", value={"note": {}}),
    "another gateway view": copy_node(VIEW),
    "another mart": copy_node(MART),
    "another intermediate model": copy_node(INTERMEDIATE),
    "a counting test": add_test(VIEW, "unique_key", VIEW),
    "a test of the store": add_test(None, "", GATEWAY),
    "a macro of another name": add_macro("to_the_nearest", "round(x)", used_by=MART),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_changes_pass(texts: dict[str, str], name: str) -> None:
    """Flags a rule that cries wolf."""
    manifest = json.loads(texts["warehouse"])
    HARMLESS[name](manifest)
    assert names.findings(manifest) == []


@pytest.mark.parametrize(
    "text",
    [
        "NHS Number", "nhs_number", "nhsnumber", "newnhsno", "NHS no", "NHSNO", "nhs-no.", "NhsNumber",
        "NHS\u00a0number", "nhs\u200bnumber", "ＮＨＳ＿ＮＵＭＢＥＲ", "patient_nhs_id", "n_h_s_number",
        "nhs_nums", "HESID",
        "National Health Service number", "nhs.nr", "NHS  numbers",
        "no_nhs_number", "not the NHS Number but the NHS no", "by NHS Number, never by name", "no, the NHS Number",
    ],
)  # fmt: skip
def test_spellings(text: str) -> None:
    """Flags a way of writing the words that is not seen."""
    assert speaks_of_numbers(text) and speaks_of_numbers(f"a {text}, too")


@given(
    st.integers(0, 999_999).map(test_number),
    st.sampled_from(["", " ", "-", ".", "\u2013", "\u00a0", "\u200b"]),
)
def test_a_number_in_any_writing_is_quoted(number: str, separator: str) -> None:
    """Flags a separator, a direction or digits of another script that hide a number."""
    assume(number != "9999999999")  # one of the dummies that are never issued
    written = separator.join((number[:3], number[3:6], number[6:]))
    wide = written.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    for text in (written, f"n:{written}.", wide, number[::-1]):
        is_seen = bool(list(numbers_quoted(text)))
        assert is_seen


def test_a_finding_has_no_room_for_a_value() -> None:
    """Flags another field: the interface of the four nets."""
    assert list(Finding.__dataclass_fields__) == ["net", "where", "what"]
    assert Path(names.__file__).name == "names.py"
